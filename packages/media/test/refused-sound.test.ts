import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailiesError } from '@dailies/contracts';
import { refusedByBoth, refusedSound } from '../src/refused-sound.ts';

const NO_TAG = 'Could not find tag for codec pcm_s16le in stream #1, codec not currently supported in container';

test('PCM beside FLAC fell back to MOV, whose refusal was not known: tried four times, then FFMPEG_FAILED', () => {
  const codecs = ['pcm_s16le', 'flac'];
  const mp4 = refusedSound(`[mp4 @ 0x1] ${NO_TAG}`, codecs, 'mp4') as DailiesError;
  const mov = refusedSound('[mov @ 0x1] flac only supported in MP4.', codecs, 'mov') as DailiesError;
  assert.equal(mov.code, 'AUDIO_UNSUPPORTED');
  assert.equal(mov.message, 'The sound (sound track 2, flac) cannot be carried by MOV.');
  assert.match(
    refusedByBoth(mp4, mov).message,
    /track 1, pcm_s16le\) .* MP4\. .*track 2, flac\) .* MOV\. .* -c:a:0 flac/,
  );
});

test('a refusal that names no codec names those of the recording', () => {
  const words = 'av_interleaved_write_frame(): Not yet implemented in FFmpeg, patches welcome';
  assert.match(refusedSound(words, ['adpcm_ms'], 'mov')?.message ?? '', /track 1, adpcm_ms/);
  assert.match(refusedSound(words, ['aac', 'adpcm_ms'], 'mov')?.message ?? '', /aac or adpcm_ms/);
});

test('other failures of a muxer are none', () => {
  assert.equal(refusedSound('No space left on device', ['aac'], 'mp4'), null);
});

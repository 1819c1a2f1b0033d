import { passthroughArguments, runProgram } from './builds.ts';
import { type Case, type Check, verdict } from './judge-case.ts';
import { setupRecords } from './judge-picture.ts';
import { readMoov, topLevelBoxes } from './mp4-boxes.ts';
import type { Description } from './probe.ts';

/** Tags of the whole file that a film keeps. */
const TAGS = ['title', 'creation_time', 'artist', 'comment'] as const;
/** Containers count in units of their own, and the longest of all tracks may end with a packet of sound. */
const DURATION_SECONDS = 0.06;
const CHAPTER_SECONDS = 0.002;

/** Duration, chapters, tags, the order of boxes, and that it decodes. */
export async function judgeRest(both: Case): Promise<Check[]> {
  const { recording, film } = both;
  return [
    ...judgeDuration(recording.description, film.description),
    ...judgeTags(recording.description, film.description),
    ...(await judgeBoxes(film.path)),
    await judgeDecodes(both),
  ];
}

function judgeDuration(theirs: Description, ours: Description): Check[] {
  const [a, b] = [Number(theirs.format.duration ?? 0), Number(ours.format.duration ?? 0)];
  if (!a) return [];
  // Where a Matroska file does not begin at 0, ffprobe of 2018 tells the time of its end.
  const start = theirs.format.format_name?.startsWith('matroska') ? Number(theirs.format.start_time ?? 0) || 0 : 0;
  const same = [a, a - start].some((length) => Math.abs(length - b) <= DURATION_SECONDS);
  return [verdict('duration', same, `${a.toFixed(3)} → ${b.toFixed(3)} s`)];
}

function judgeTags(theirs: Description, ours: Description): Check[] {
  const [a, b] = [theirs.chapters ?? [], ours.chapters ?? []];
  const near = (x: string, y: string | undefined) => Math.abs(Number(x) - Number(y)) < CHAPTER_SECONDS;
  const same = a.every((chapter, i) => {
    const other = b[i];
    const times = near(chapter.start_time, other?.start_time) && near(chapter.end_time, other?.end_time);
    return times && chapter.tags?.title === other?.tags?.title;
  });
  const checks = [verdict('chapters', a.length === b.length && same, `${a.length} → ${b.length}`)];
  for (const tag of TAGS) {
    const [x, y] = [tagOf(theirs, tag), tagOf(ours, tag)];
    if (x !== undefined) checks.push(verdict(`tag ${tag}`, x === y, `${x} → ${y}`));
  }
  return checks;
}

/** Matroska writes its tags in capitals. */
function tagOf(description: Description, tag: string): string | undefined {
  return Object.entries(description.format.tags ?? {}).find(([key]) => key.toLowerCase() === tag)?.[1];
}

async function judgeBoxes(path: string): Promise<Check[]> {
  const top = (await topLevelBoxes(path)).map((box) => box.type);
  const moov = await readMoov(path);
  const [index, data] = [top.indexOf('moov'), top.indexOf('mdat')];
  const front = index >= 0 && (data < 0 || index < data);
  const { descriptions, avcC } = moov ? setupRecords(moov) : { descriptions: 0, avcC: 0 };
  return [
    verdict('plays from the first byte', front, top.slice(0, 6).join(' ')),
    verdict('one setup record', descriptions === 1 && avcC === 1, `${descriptions} sample descriptions, ${avcC} avcC`),
  ];
}

async function judgeDecodes({ build, film }: Case): Promise<Check> {
  const passthrough = await passthroughArguments(build.ffmpeg);
  // One thread: with several, ffmpeg 5.1 reports damage in the first frames only now and then.
  const head = ['-nostdin', '-v', 'error', '-xerror', '-threads', '1', '-i', film.path];
  // Older builds complain when a frame is shown for so long that much sound comes before the next one.
  const tail = ['-enc_time_base', '-1', '-max_muxing_queue_size', '9999', '-f', 'null', '-'];
  const run = await runProgram(build.ffmpeg, [...head, ...passthrough, ...tail]);
  const complaint = run.stderr.trim();
  return verdict('decodes without a complaint', run.code === 0 && complaint === '', complaint.slice(0, 200));
}

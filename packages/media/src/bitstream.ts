/**
 * Whether a packet is a place where decoding can begin, read from the bitstream itself: containers lie (every sample is
 * a "sync sample" in an MP4 without `stss`, and I-frames that are no IDR are flagged).
 *
 * `clean` — decoding can begin here whatever the container says; `open` — it can begin here if the container flags it as
 * a keyframe too (recovery point, intra picture with leading pictures); `none` — it cannot; `unknown` — no rule for this
 * codec: the container's flag counts.
 */
export type Entry = 'clean' | 'open' | 'none' | 'unknown';

/** How NAL units are framed: `lengthSize` bytes of length (avcC/hvcC), or Annex B start codes when null. */
export interface NalFraming {
  readonly lengthSize: number | null;
}

/** Framing as the setup data says (ISO/IEC 14496-15: configurationVersion 1, lengthSizeMinusOne). */
export function nalFraming(codec: string, extradata: Uint8Array): NalFraming {
  if (codec === 'h264' && extradata.length >= 7 && extradata[0] === 1)
    return { lengthSize: ((extradata[4] as number) & 3) + 1 };
  if (
    codec === 'hevc' &&
    extradata.length >= 23 &&
    (extradata[0] === 1 || (extradata[0] === 0 && (extradata[1] !== 0 || (extradata[2] as number) > 1)))
  ) {
    return { lengthSize: ((extradata[21] as number) & 3) + 1 };
  }
  return { lengthSize: null };
}

/** The NAL units of a packet, without start codes or lengths. */
export function* nalUnits(packet: Uint8Array, framing: NalFraming): Generator<Uint8Array> {
  if (framing.lengthSize !== null) {
    for (let at = 0; at + framing.lengthSize <= packet.length; ) {
      let length = 0;
      for (let i = 0; i < framing.lengthSize; i++) length = length * 256 + (packet[at + i] as number);
      at += framing.lengthSize;
      yield packet.subarray(at, Math.min(packet.length, at + length));
      at += length;
    }
    return;
  }
  let begin = -1;
  for (let at = 0; at + 3 <= packet.length; at++) {
    if (packet[at] !== 0 || packet[at + 1] !== 0 || packet[at + 2] !== 1) continue;
    if (begin >= 0) yield packet.subarray(begin, at);
    begin = at + 3;
    at += 2;
  }
  if (begin >= 0) yield packet.subarray(begin);
}

/** H.264 (ITU-T H.264 table 7-1): 5 is an IDR slice, 1 another slice, 6 SEI; SEI payload 6 is a recovery point. */
function h264Entry(packet: Uint8Array, framing: NalFraming): Entry {
  let recovery = false;
  for (const unit of nalUnits(packet, framing)) {
    const type = (unit[0] as number) & 0x1f;
    if (type === 5) return 'clean';
    if (type === 6 && hasRecoveryPoint(unit)) recovery = true;
    if (type === 1 || type === 2) return recovery ? 'open' : 'none';
  }
  return 'none';
}

/** Walks the SEI messages (H.264 7.3.2.3.1): type and size are coded in runs of 0xFF. A recovery_frame_cnt of 0 begins with the bit 1. */
function hasRecoveryPoint(sei: Uint8Array): boolean {
  let at = 1;
  const coded = (): number => {
    let value = 0;
    for (;;) {
      const byte = sei[at++] ?? 0;
      value += byte;
      if (byte !== 0xff) return value;
    }
  };
  while (at + 2 < sei.length) {
    const type = coded();
    const size = coded();
    if (type === 6) return ((sei[at] ?? 0) & 0x80) !== 0;
    at += size;
  }
  return false;
}

/** HEVC (ITU-T H.265 table 7-1): 16–20 are BLA and IDR, 21 is CRA (may have leading pictures), below 16 are other slices. */
function hevcEntry(packet: Uint8Array, framing: NalFraming): Entry {
  for (const unit of nalUnits(packet, framing)) {
    const type = ((unit[0] as number) >> 1) & 0x3f;
    if (type >= 16 && type <= 20) return 'clean';
    if (type === 21) return 'open';
    if (type < 16) return 'none';
  }
  return 'none';
}

/** MPEG-4 part 2: the VOP start code 00 00 01 B6 is followed by two bits of coding type, 0 for intra. */
function mpeg4Entry(packet: Uint8Array): Entry {
  for (let at = 0; at + 4 < packet.length; at++) {
    if (packet[at] === 0 && packet[at + 1] === 0 && packet[at + 2] === 1 && packet[at + 3] === 0xb6)
      return (packet[at + 4] as number) >> 6 === 0 ? 'open' : 'none';
  }
  return 'none';
}

/** VP9 uncompressed header: frame_marker (2 bits), profile (2, +1 reserved for 3), show_existing_frame, frame_type (0 = key). */
function vp9Entry(packet: Uint8Array): Entry {
  const first = packet[0];
  if (first === undefined || first >> 6 !== 2) return 'none';
  const profile3 = (first & 0x30) === 0x30;
  const showExisting = profile3 ? first & 0x04 : first & 0x08;
  const inter = profile3 ? first & 0x02 : first & 0x04;
  return !showExisting && !inter ? 'clean' : 'none';
}

/** How the entry points of a codec are told. */
export function entryOf(codec: string, packet: Uint8Array, framing: NalFraming): Entry {
  switch (codec) {
    case 'h264':
      return h264Entry(packet, framing);
    case 'hevc':
      return hevcEntry(packet, framing);
    case 'mpeg4':
      return mpeg4Entry(packet);
    case 'vp9':
      return vp9Entry(packet);
    case 'vp8':
      // RFC 6386, 9.1: bit 0 of the frame tag is 0 for a key frame.
      return packet.length > 0 && ((packet[0] as number) & 1) === 0 ? 'clean' : 'none';
    default:
      return 'unknown';
  }
}

/** False for packets that decode to no picture of their own: VP8 frames that are not shown (RFC 6386, 9.1: bit 4), empty packets. */
export function isShown(codec: string, packet: Uint8Array): boolean {
  if (packet.length === 0) return false;
  if (codec === 'vp8') return ((packet[0] as number) & 0x10) !== 0;
  return true;
}

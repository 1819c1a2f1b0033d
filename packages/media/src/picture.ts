import type { ColorTags, Picture } from '@dailies/contracts';

/** Pixel formats that go to the kernel as they are. */
const READY = 'yuv420p';

/**
 * ffmpeg's filters that bring a decoded frame to what the kernel reads: upright, limited-range 8-bit 4:2:0, even size.
 * Only what is needed: Jibri's recordings pass untouched.
 */
export function decodeFilters(picture: Picture): string {
  const filters: string[] = [];
  if (picture.rotation === 90) filters.push('transpose=clock');
  if (picture.rotation === 180) filters.push('hflip', 'vflip');
  if (picture.rotation === 270) filters.push('transpose=cclock');
  if (picture.pixelFormat !== READY || picture.color.range === 'pc') {
    const full = picture.color.range === 'pc' || picture.pixelFormat.startsWith('yuvj');
    // Without a tag, RGB becomes BT.709; Y'CbCr keeps its matrix, only its range, depth and chroma sampling change.
    filters.push(
      `scale=${full && !isRgb(picture) ? 'in_range=full:' : ''}out_range=limited${isRgb(picture) ? ':out_color_matrix=bt709' : ''}:flags=bicubic+accurate_rnd+full_chroma_int`,
    );
  }
  filters.push(`format=${READY}`);
  const upright = picture.rotation % 180 === 0;
  const right = picture.filmWidth - (upright ? picture.width : picture.height);
  const bottom = picture.filmHeight - (upright ? picture.height : picture.width);
  if (right || bottom) {
    filters.push(
      `pad=${picture.filmWidth}:${picture.filmHeight}:0:0`,
      `fillborders=left=0:top=0:right=${right}:bottom=${bottom}:mode=smear`,
    );
  }
  return filters.join(',');
}

/** The rows of a film that travel between ffmpeg and the kernel, half open, from an even one: all but the bars. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Filters that take the bars off a decoded frame, and put black ones back before it is encoded. None without bars. */
export function barFilters(
  { filmWidth, filmHeight }: Picture,
  { from, to }: Rows,
): { off: readonly string[]; on: readonly string[] } {
  if (from === 0 && to === filmHeight) return { off: [], on: [] };
  return {
    off: [`crop=${filmWidth}:${to - from}:0:${from}`],
    on: [`pad=${filmWidth}:${filmHeight}:0:${from}:black`],
  };
}

function isRgb(picture: Picture): boolean {
  return /^(rgb|bgr|gbr|argb|abgr|rgba|bgra|0rgb|pal8)/.test(picture.pixelFormat);
}

/** The picture after `decodeFilters`: what the frames of a re-keyed recording are. */
export function preparedPicture(picture: Picture): Picture {
  const turned = picture.rotation % 180 !== 0;
  return {
    ...picture,
    codec: 'h264',
    width: picture.filmWidth,
    height: picture.filmHeight,
    pixelFormat: READY,
    rotation: 0,
    sampleAspect: turned ? { num: picture.sampleAspect.den, den: picture.sampleAspect.num } : picture.sampleAspect,
    color: filmColor(picture),
  };
}

/** The colour tags of the film: those of the recording, but full range has become limited, and RGB BT.709. */
export function filmColor(picture: Picture): ColorTags {
  const range = picture.color.range === null && !picture.pixelFormat.startsWith('yuvj') ? null : 'tv';
  const space = isRgb(picture) ? 'bt709' : picture.color.space;
  return { ...picture.color, space, range };
}

/** x264's names where they differ from ffprobe's (x264.h: x264_transfer_names and its neighbours). */
const X264_NAMES: Readonly<Record<string, string>> = {
  gamma22: 'bt470m',
  gamma28: 'bt470bg',
  gbr: 'GBR',
  ycgco: 'YCgCo',
  log: 'log100',
  log_sqrt: 'log316',
  bt1361e: 'bt1361e',
};

/**
 * Colour tags as x264 parameters, written into the bitstream (VUI). Not as ffmpeg's `-color_*`: newer builds take those
 * as a wish to convert, older ones drop some.
 */
export function colorParams(color: ColorTags): string[] {
  const name = (tag: string): string => X264_NAMES[tag] ?? tag;
  return [
    ...(color.primaries ? [`colorprim=${name(color.primaries)}`] : []),
    ...(color.transfer ? [`transfer=${name(color.transfer)}`] : []),
    ...(color.space ? [`colormatrix=${name(color.space)}`] : []),
    // x264 leaves the whole signal type out when only the range is known and limited; a video format makes it write it.
    ...(color.range ? ['videoformat=component', 'fullrange=off'] : []),
  ];
}

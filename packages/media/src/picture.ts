import type { ColorTags, Picture, Rational } from '@dailies/contracts';

/** Pixel formats that go to the kernel as they are. */
const READY = 'yuv420p';

/**
 * ffmpeg's filters that bring a decoded frame to what the kernel reads: upright, limited-range 8-bit 4:2:0, even size.
 * Only what is needed: Jibri's recordings pass untouched.
 * @param otherSizes what becomes of frames of another size than the recording's: ffmpeg fails, or they are shown whole in
 *   the middle of the film's picture (docs/decisions/0019)
 */
export function decodeFilters(picture: Picture, otherSizes: 'refused' | 'fitted'): string {
  const filters: string[] = [];
  if (otherSizes === 'refused') filters.push(onlyOf(picture));
  filters.push(...turnFilters(picture));
  if (picture.pixelFormat !== READY || picture.color.range === 'pc') {
    const full = picture.color.range === 'pc' || picture.pixelFormat.startsWith('yuvj');
    // Without a tag, RGB becomes BT.709; Y'CbCr keeps its matrix, only its range, depth and chroma sampling change.
    filters.push(
      `scale=${full && !isRgb(picture) ? 'in_range=full:' : ''}out_range=limited${isRgb(picture) ? ':out_color_matrix=bt709' : ''}:flags=bicubic+accurate_rnd+full_chroma_int`,
    );
  }
  filters.push(`format=${READY}`);
  if (otherSizes === 'fitted') filters.push(...fitFilters(picture));
  if (isOdd(picture)) filters.push(evenFilter(picture));
  return filters.join(',');
}

/** Whether the picture has to be made even; frames of other sizes are stretched then. */
export function isOdd(picture: Picture): boolean {
  const { width, height } = uprightOf(picture);
  return width !== picture.filmWidth || height !== picture.filmHeight;
}

/**
 * The value of `-enc_time_base` after `decodeFilters`: -1 is the demuxer's, which newer builds do not know any more of frames
 * whose planes were merged.
 * @param timeBase the demuxer's
 */
export function timeBaseAfter(picture: Picture, timeBase: Rational): string {
  return isOdd(picture) ? `${timeBase.num}/${timeBase.den}` : '-1';
}

/**
 * Repeats the last column or row of an odd size. In luma alone, for the chroma of 4:2:0 has that size already; and `pad` takes
 * an odd side of a subsampled picture for an even one that is smaller by one, and blackens what is beyond.
 */
function evenFilter(picture: Picture): string {
  const { width, height } = uprightOf(picture);
  const [right, bottom] = [picture.filmWidth - width, picture.filmHeight - height];
  const even = `pad=${picture.filmWidth}:${picture.filmHeight}:0:0`;
  const filled = `fillborders=left=0:top=0:right=${right}:bottom=${bottom}:mode=smear`;
  return `extractplanes=y+u+v[y][u][v];[y]${even},${filled}[e];[e][u][v]mergeplanes=0x001020:${READY}`;
}

/** Passes frames of the recording's size as they are, and makes ffmpeg fail at any other. */
function onlyOf({ width, height }: Picture): string {
  return `crop=w=if(eq(iw\\,${width})*eq(ih\\,${height})\\,iw\\,0):h=ih:exact=1`;
}

/** Turns and mirrors a coded picture to how it is shown. */
function turnFilters({ rotation, mirror }: Picture): readonly string[] {
  const turns = {
    0: mirror ? ['hflip'] : [],
    90: mirror ? ['transpose=cclock_flip'] : ['transpose=clock'],
    180: mirror ? ['vflip'] : ['hflip', 'vflip'],
    270: mirror ? ['transpose=clock_flip'] : ['transpose=cclock'],
  };
  return turns[rotation];
}

/**
 * Scales frames of another size to fit, in their own shape, and pads them to the film's size. Those of the recording's size
 * stay as they are; ffmpeg works out the expressions anew where the size changes.
 */
function fitFilters(picture: Picture): readonly string[] {
  const { width, height, sampleAspect } = uprightOf(picture);
  // No filter pads to an odd size.
  if (isOdd(picture))
    return [`scale=w=${width}:h=${height}:flags=bicubic+accurate_rnd+full_chroma_int`, `format=${READY}`];
  const aspect = `${sampleAspect.num}/${sampleAspect.den}`;
  const same = `eq(iw\\,${width})*eq(ih\\,${height})`;
  // Even, and not one too small for what floating point has lost.
  const side = (most: number, fitting: string): string => `max(2\\,2*trunc(min(${most}\\,${fitting})/2+0.25))`;
  const w = side(width, `${height}*dar/(${aspect})`);
  const h = side(height, `${width}*(${aspect})/dar`);
  const middle = (free: string): string => `if(${same}\\,0\\,${free}/2)`;
  return [
    `scale=w=if(${same}\\,iw\\,${w}):h=if(${same}\\,ih\\,${h}):flags=bicubic+accurate_rnd+full_chroma_int`,
    // A rounded side is no wish for other samples.
    `setsar=sar=${aspect}:max=1000000`,
    `pad=${picture.filmWidth}:${picture.filmHeight}:${middle('(ow-iw)')}:${middle('(oh-ih)')}`,
  ];
}

/** Size and shape of the picture as it is shown, before it is made even. */
function uprightOf({
  rotation,
  width,
  height,
  sampleAspect,
}: Picture): Pick<Picture, 'width' | 'height' | 'sampleAspect'> {
  if (rotation % 180 === 0) return { width, height, sampleAspect };
  return { width: height, height: width, sampleAspect: { num: sampleAspect.den, den: sampleAspect.num } };
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
  return {
    ...picture,
    codec: 'h264',
    width: picture.filmWidth,
    height: picture.filmHeight,
    pixelFormat: READY,
    rotation: 0,
    mirror: false,
    sampleAspect: uprightOf(picture).sampleAspect,
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

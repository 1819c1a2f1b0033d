export { type Pixel, pixelOf, type Rgb, rgbOf } from './colour.ts';
export { toCube } from './cube.ts';
export { createGrader, type Grader, type GraderOptions } from './grader.ts';
export { gradeImage, type ImageFormat } from './image.ts';
export type { KernelBuild } from './kernel.ts';
export { DEFAULT_LOOK, findLook, LOOKS, loadLooks } from './looks.ts';
export { gradedRows, gradePixel, gradeReference, isIdentity, type Place, rowsBetweenBars } from './reference.ts';
export { beforeAfter, frameToPng, toRgb } from './stills.ts';

export * from './cube.ts';
export * from './grader.ts';
export * from './image.ts';
export * from './looks.ts';
export * from './reference.ts';
export * from './stills.ts';

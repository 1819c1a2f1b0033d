export { splitterFields } from './config.ts';
export { createFrameSplitter, type FrameSplitterOptions } from './service.ts';

import type { DailiesError, EncodedMessage } from '@dailies/contracts';
import type { BatchStore, FilmStore, NoteStore, PartStore } from '@dailies/library';
import type { FilmJob, MadeFilm } from '@dailies/media';
import type { RecordingsReader } from '@dailies/service';

/** What the assembler needs of the disk, of ffmpeg and of the bus. */
export interface AssemblerPorts {
  readonly view: RecordingsReader;
  /** A view that has just read all events that there are. */
  readAll(): Promise<Pick<RecordingsReader, 'get' | 'close'>>;
  /** Of which run of a recording this process has noted the split's end: see lost.ts. */
  readonly noted: Map<string, string>;
  readonly batches: BatchStore;
  /** Parts of batches that no message could carry whole. */
  readonly parts: PartStore;
  /** Small notes that belong to a run and go with its batches. */
  readonly notes: NoteStore;
  readonly films: FilmStore;
  /** Why the folder of all recordings is not there; null when it is. */
  absent(): Promise<DailiesError | null>;
  /** Absolute path of a recording. @throws DailiesError when it would leave the recordings folder */
  resolve(path: string): Promise<string>;
  describe(file: string): Promise<{ sizeBytes: number; fingerprint: string }>;
  /** Reads ahead what `makeFilm` will need of a recording. */
  readAhead(recordingId: string, path: string): void;
  makeFilm(
    job: Omit<FilmJob, 'limits' | 'timeoutMs' | 'recorded'> & { readonly recordingId: string },
  ): Promise<MadeFilm>;
  writeImage(file: string, bytes: Uint8Array): Promise<void>;
  publish(messages: readonly EncodedMessage[]): Promise<void>;
  /** A line in the log, for what an operator should know although the recording goes on. */
  warn(facts: object, text: string): void;
  now(): number;
}

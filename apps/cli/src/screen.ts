import { widthOf } from '@dailies/service';

/** What is needed of a terminal or a file to write to. */
export interface Output {
  write(text: string): void;
  /** Whether something could not be written that somebody would have read. */
  isLost(): boolean;
  /** Whether lines can be redrawn. */
  readonly isTerminal: boolean;
  /** Columns of the terminal now; it may be resized. */
  columns(): number;
  rows(): number;
}

/** Lines that stay, and below them, on a terminal, a few lines that are redrawn in place. */
export interface Screen {
  /** Writes text that ends in a newline and stays. */
  print(text: string): void;
  /** Replaces the live lines; without a terminal nothing is written. */
  live(lines: readonly string[]): void;
  /** Removes the live lines. */
  end(): void;
}

/** Erases from the cursor to the end of the screen. */
const ERASE_BELOW = '\x1b[J';

/**
 * A screen on an output. The cursor rests at the start of the line below the live lines, so that whatever happens,
 * even a crash, the next prompt is in its place and no state of the terminal has to be restored.
 */
export function createScreen(output: Output): Screen {
  let drawn: readonly string[] = [];
  // Lines wrap when the terminal was made narrower since they were drawn.
  const rowsOf = (lines: readonly string[]): number =>
    lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / Math.max(1, output.columns()))), 0);
  const erase = (): string => (drawn.length === 0 ? '' : `\x1b[${rowsOf(drawn)}A\r${ERASE_BELOW}`);
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  return {
    print(line) {
      output.write(output.isTerminal ? `${erase()}${line}${text(drawn)}` : line);
    },
    live(lines) {
      if (!output.isTerminal) return;
      if (lines.length === drawn.length && lines.every((line, i) => line === drawn[i])) return;
      const before = erase();
      drawn = [...lines];
      output.write(`${before}${text(drawn)}`);
    },
    end() {
      if (drawn.length > 0) output.write(erase());
      drawn = [];
    },
  };
}

/** Numbers as people read them. */

/** `0:07`, `12:34`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `512 bytes`, `12.3 MB`; decimal units. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `9.4`, `312`: one decimal place below ten. */
export function rate(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

/** Whole per cent of a share, rounded down; 0.29 is 29 although 0.29 * 100 is a little less. */
export function percentOf(share: number): number {
  return Math.floor(share * 100 + 1e-9);
}

/** `1 recording`, `2 recordings`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

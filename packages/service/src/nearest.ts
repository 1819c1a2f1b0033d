/** The candidate that the word begins, or that is at most two typing mistakes away from it, or null: for "did you mean". */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const longer = candidates.filter((candidate) => word.length > 2 && candidate.startsWith(word));
  if (longer[0] !== undefined && longer.length === 1) return longer[0];
  let best: string | null = null;
  let distance = 3;
  for (const candidate of candidates) {
    const d = editDistance(word, candidate);
    if (d < distance) [best, distance] = [candidate, d];
  }
  return best;
}

/** Levenshtein distance: the least number of inserted, removed or replaced characters. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

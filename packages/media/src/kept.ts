/** Answers that are kept, the oldest forgotten first. */
export interface Kept<T> {
  /** The answer for this key; asked for when there is none. An error is not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
}

/**
 * @param most how many answers are kept
 * @param isSmall whether an answer may be kept
 */
export function keepAnswers<T>(most: number, isSmall: (answer: T) => boolean = () => true): Kept<T> {
  const answers = new Map<string, T>();
  return {
    async get(key, ask) {
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = await ask();
      if (isSmall(answer)) answers.set(key, answer);
      const [oldest] = answers.keys();
      if (answers.size > most && oldest !== undefined) answers.delete(oldest);
      return answer;
    },
  };
}

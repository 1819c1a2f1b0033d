/** Waits for something for `ms` at most, whatever becomes of it. Leaves no timer, for that would keep the process. */
export async function within(ms: number, awaited: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  try {
    await Promise.race([awaited.catch(() => {}), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

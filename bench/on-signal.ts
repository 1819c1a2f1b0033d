/** Lets a bench that is interrupted take away what it has started: a broker in a container ends with nobody. */
export function onSignal(close: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().finally(() => process.exit(130)));
}

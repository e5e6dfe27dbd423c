/** Lets all happen that needs no more than promises and ticks: whatever goes on over the memory transport. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Each of `contestants` in each round, and nobody always the first: A B, B A, A B. */
export async function inTurns<Contestant>(
  contestants: readonly Contestant[],
  rounds: number,
  turn: (contestant: Contestant, round: number) => Promise<void>,
): Promise<void> {
  const order = [...contestants];
  for (let round = 0; round < rounds; round++) {
    for (const contestant of order) await turn(contestant, round);
    order.reverse();
  }
}

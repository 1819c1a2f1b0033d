import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

/** What a member tells when it joins. */
export interface MemberState {
  /** Partitions that it has had until now. */
  readonly owned: readonly number[];
  /** Those of them whose record it works on. */
  readonly busy: readonly number[];
  /** How many records it works on at once. */
  readonly slots: number;
}

export interface Member extends MemberState {
  readonly id: string;
}

const NAME = 'dailies-sticky';
const VERSION = 1;

/**
 * An assigner for kafkajs that leaves partitions where they are as far as the shares allow, and takes those first that
 * nobody works on: so a worker that comes or goes costs no batch that is half done. Shares go by slots.
 * @param state what this member has now; asked for at each join
 */
export function stickyAssigner(state: () => MemberState): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(state())),
      }),
    }),
    async assign({ members }) {
      const all = members.map(({ memberId, memberMetadata }) => ({ id: memberId, ...readMember(memberMetadata) }));
      const topics = [...new Set(all.flatMap((member) => member.topics))];
      await cluster.addMultipleTargetTopics(topics);
      const assigned = new Map(all.map(({ id }) => [id, {} as Record<string, number[]>]));
      for (const topic of topics) {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        const readers = all.filter((member) => member.topics.includes(topic));
        for (const [id, mine] of share(partitions, readers)) Object.assign(assigned.get(id) ?? {}, { [topic]: mine });
      }
      return [...assigned].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment,
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/** What another member wrote; one that cannot be read has nothing and one slot. */
function readMember(metadata: Buffer): MemberState & { readonly topics: readonly string[] } {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
  const topics = decoded?.topics ?? [];
  const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.filter(Number.isInteger) : []);
  try {
    const { owned, busy, slots } = JSON.parse(decoded?.userData.toString('utf8') ?? '') as Record<string, unknown>;
    return { topics, owned: numbers(owned), busy: numbers(busy), slots: Number.isInteger(slots) ? Number(slots) : 1 };
  } catch {
    return { topics, owned: [], busy: [], slots: 1 };
  }
}

/**
 * Shares partitions out among members, in proportion to their slots (to one partition exactly), and moves as few as
 * that takes: of what a member has too much, idle partitions go first. Pure, and the same for any order of members.
 */
export function share(partitions: readonly number[], members: readonly Member[]): Map<string, number[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const quotas = quotasOf(partitions.length, sorted);
  const free = new Set(partitions);
  const shares = new Map<string, number[]>();
  // A partition that two claim (one of them was frozen) stays with the first: that is right for one of them at least.
  const claim = (member: Member, wanted: readonly number[]): void => {
    const mine = shares.get(member.id) ?? [];
    for (const partition of wanted)
      if (mine.length < (quotas.get(member.id) ?? 0) && free.delete(partition)) mine.push(partition);
    shares.set(member.id, mine);
  };
  for (const member of sorted)
    claim(
      member,
      member.busy.filter((partition) => member.owned.includes(partition)),
    );
  for (const member of sorted) claim(member, member.owned);
  for (const member of sorted) claim(member, [...free]);
  for (const mine of shares.values()) mine.sort((a, b) => a - b);
  return shares;
}

/**
 * One partition each where there are enough, the rest in proportion to slots by largest remainders, so that the quotas
 * add up. With equal remainders, who has more keeps more.
 */
function quotasOf(count: number, members: readonly Member[]): Map<string, number> {
  const base = count >= members.length ? 1 : 0;
  const rest = count - base * members.length;
  const slots = members.reduce((sum, member) => sum + Math.max(1, member.slots), 0);
  const exact = members.map((member) => ({ member, part: (rest * Math.max(1, member.slots)) / slots }));
  const quotas = new Map(exact.map(({ member, part }) => [member.id, base + Math.floor(part + ROUNDING)]));
  const given = [...quotas.values()].reduce((sum, quota) => sum + quota, 0);
  const byNeed = exact.toSorted((a, b) => {
    const need = remainder(b.part) - remainder(a.part);
    if (Math.abs(need) > ROUNDING) return need;
    return b.member.busy.length - a.member.busy.length || b.member.owned.length - a.member.owned.length;
  });
  for (const { member } of byNeed.slice(0, count - given)) quotas.set(member.id, (quotas.get(member.id) ?? 0) + 1);
  return quotas;
}

const ROUNDING = 1e-9;
const remainder = (part: number): number => part + ROUNDING - Math.floor(part + ROUNDING);

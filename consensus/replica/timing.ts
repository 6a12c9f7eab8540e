// How long things take in a zone on a LAN. Raft itself counts ticks.

/** One tick of Raft, milliseconds: at 50 a lone idle peer took 1.5 % of a core instead of 0.8. */
export const tickMs = 100;

/** Heartbeats each 200 ms, since each wakes every peer; an election after 0.8 to 1.6 s of silence. */
export const raftTiming = {
  heartbeatTicks: 2,
  learnerHeartbeatTicks: 4,
  electionTicks: 8,
} as const;

/** How old what `status` says may be, in ticks; changes of leader and members are told at once. */
export const statusEveryTicks = 2;

/** How often watches that hear nothing are told how far they are, in ticks. */
export const progressEveryTicks = 10;

/** A new leader gives every lease its full term and this much: nobody can have been granted more. */
export const electionTimeoutMs = raftTiming.electionTicks * 2 * tickMs;

/** How often a leader looks whether the voters are the right ones. */
export const votersEveryMs = 500;

/** How often a replica without room looks for some. */
export const seekRoomEveryMs = 1_000;

/** How often it tells its leader, while it has none. */
export const repeatShortageMs = 1_000;

/** How often a new replica asks to join, and one that leaves to be let go. */
export const askAgainMs = 500;

/** A member that has heard no leader for so long asks around whether the zone goes on without it, in ticks. */
export const seekAfterTicks = raftTiming.electionTicks * 4;

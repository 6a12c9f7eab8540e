// Why a dial did not lead to a peer, in words that a link report carries and the doctor knows a remedy for.

export const DIAL_REASON = {
  refused: 'refused: nothing listens there, or a firewall rejects it',
  silent: 'no answer: packets are lost, as a firewall does',
  noRoute: 'there is no route to it',
  stranger: 'another peer answers there',
  closed: 'closed by whoever listens there',
  noAddress: 'it announces no address: it only dials out',
} as const;

// The name of a storage driver: a domain of at most 63 characters, in which capitals do not count.

import { subdomainProblems } from '../../name-rules.ts';

const LENGTH_LIMIT = 63;

export const driverNameProblems = (name: string): readonly string[] => [
  ...(name.length > LENGTH_LIMIT ? [`must be no more than ${LENGTH_LIMIT} characters`] : []),
  ...subdomainProblems(name.toLowerCase()),
];

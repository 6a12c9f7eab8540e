// What names, label keys, label values and ports may look like. Each function says what is wrong; nothing when all is well.

type Problems = readonly string[];

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const WILDCARD_SUBDOMAIN = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DOMAIN_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;
const ENV_NAME = /^[ -<>-~]+$/;
const PORT_NAME = /^[-a-z0-9]+$/;

const LABEL_LENGTH = 63;
const SUBDOMAIN_LENGTH = 253;
const PORT_NAME_LENGTH = 15;

const tooLong = (limit: number): string => `must be no more than ${limit} characters`;

const mustBe = (what: string, of: string, example: string, pattern: RegExp): string =>
  `${what} must consist of ${of} (e.g. ${example}, regex used for validation is '${pattern.source.slice(1, -1)}')`;

/** A DNS label (RFC 1123): namespaces, containers. */
export function labelProblems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > LABEL_LENGTH) problems.push(tooLong(LABEL_LENGTH));
  if (!LABEL.test(value)) {
    problems.push(
      mustBe(
        'a lowercase RFC 1123 label',
        "lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
        "'my-name',  or '123-abc'",
        LABEL,
      ),
    );
  }
  return problems;
}

/** A DNS label that starts with a letter (RFC 1035): services. */
export function label1035Problems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > LABEL_LENGTH) problems.push(tooLong(LABEL_LENGTH));
  if (!LABEL_1035.test(value)) {
    problems.push(
      mustBe(
        'a DNS-1035 label',
        "lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        "'my-name',  or 'abc-123'",
        LABEL_1035,
      ),
    );
  }
  return problems;
}

/** A DNS subdomain (RFC 1123): the names of most objects. */
export function subdomainProblems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > SUBDOMAIN_LENGTH) problems.push(tooLong(SUBDOMAIN_LENGTH));
  if (!SUBDOMAIN.test(value)) {
    problems.push(
      mustBe(
        'a lowercase RFC 1123 subdomain',
        "lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        "'example.com'",
        SUBDOMAIN,
      ),
    );
  }
  return problems;
}

/** A label key, annotation key or resource name: `[prefix/]name`. */
export function qualifiedNameProblems(value: string): Problems {
  const parts = value.split('/');
  const name = parts.at(-1)!;
  if (parts.length > 2) {
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const problems: string[] = [];
  if (parts.length === 2) {
    if (parts[0] === '') problems.push('prefix part must be non-empty');
    else problems.push(...subdomainProblems(parts[0]!).map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > LABEL_LENGTH) problems.push(`name part ${tooLong(LABEL_LENGTH)}`);
  if (!QUALIFIED.test(name)) {
    problems.push(
      mustBe(
        'name part',
        "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        "'MyName',  or 'my.name',  or '123-abc'",
        QUALIFIED,
      ),
    );
  }
  return problems;
}

/** A label's value; may be empty. */
export function labelValueProblems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > LABEL_LENGTH) problems.push(tooLong(LABEL_LENGTH));
  if (value !== '' && !QUALIFIED.test(value)) {
    problems.push(
      mustBe(
        'a valid label must be an empty string or',
        "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        "'MyValue',  or 'my_value',  or '12345'",
        QUALIFIED,
      ).replace('must be an empty string or must consist', 'must be an empty string or consist'),
    );
  }
  return problems;
}

/** The name of an environment variable: printable ASCII without `=`. */
export function envNameProblems(value: string): Problems {
  return ENV_NAME.test(value)
    ? []
    : ["environment variable name must consist only of printable ASCII characters other than '='"];
}

/** The name of a container's port (an IANA service name). */
export function portNameProblems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > PORT_NAME_LENGTH) problems.push(tooLong(PORT_NAME_LENGTH));
  if (!PORT_NAME.test(value)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) {
    problems.push('must not begin or end with a hyphen');
  }
  return problems;
}

/** A TCP, UDP or SCTP port. */
export const portProblems = (value: number): Problems =>
  Number.isInteger(value) && value >= 1 && value <= 65_535
    ? []
    : ['must be between 1 and 65535, inclusive'];

/** One segment of a path: whatever can stand in a URL. */
export function pathSegmentProblems(value: string): Problems {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((one) => value.includes(one)).map((one) => `may not contain '${one}'`);
}

/** A host of Ingress: `*` may stand for its first label. */
export function wildcardSubdomainProblems(value: string): Problems {
  const problems: string[] = [];
  if (value.length > SUBDOMAIN_LENGTH) problems.push(tooLong(SUBDOMAIN_LENGTH));
  if (!WILDCARD_SUBDOMAIN.test(value)) {
    const example = `(e.g. '*.example.com', regex used for validation is '${WILDCARD_SUBDOMAIN.source.slice(1, -1)}')`;
    problems.push(
      `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character ${example}`,
    );
  }
  return problems;
}

/** `example.com/what`: a domain, then a path that may have slashes of its own. */
export function domainPathProblems(value: string): Problems {
  const slash = value.indexOf('/');
  if (slash < 0) return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  const [domain, path] = [value.slice(0, slash), value.slice(slash + 1)];
  const problems = subdomainProblems(domain).map((problem) => `prefix part ${problem}`);
  if (path === '') problems.push('must be a domain-prefixed path (such as "acme.io/foo")');
  else if (!DOMAIN_PATH.test(path)) {
    problems.push(
      `Invalid path (e.g. 'my/path', regex used for validation is '${DOMAIN_PATH.source.slice(1, -1)}')`,
    );
  }
  return problems;
}

// Internet addresses as text: what is one, and what is a block of them.

const V4_PART = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const V4 = new RegExp(`^${V4_PART}(?:\\.${V4_PART}){3}$`);
const V6_PART = /^[0-9a-fA-F]{1,4}$/;

export const isIpv4 = (text: string): boolean => V4.test(text);

/** Any form of RFC 4291, without a zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  const parts = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = parts.at(-1) ?? '';
  const embedded = last.includes('.');
  if (embedded && (!isIpv4(last) || text.endsWith('::'))) return false;
  const plain = embedded ? parts.slice(0, -1) : parts;
  const count = plain.length + (embedded ? 2 : 0);
  return (
    plain.every((part) => V6_PART.test(part)) && (halves.length === 2 ? count < 8 : count === 8)
  );
}

export const isIpAddress = (text: string): boolean => isIpv4(text) || isIpv6(text);

/** What a text that is no address is told. */
export const IP_PROBLEM = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** Why no packet of another machine could be sent to this address; nothing for one that is usual. */
export function specialIpProblems(ip: string): readonly string[] {
  const text = ip.toLowerCase();
  if (/^0+(\.0+){3}$/.test(text) || /^[0:]+$/.test(text)) {
    return ['may not be unspecified (0.0.0.0 or ::)'];
  }
  if (text.startsWith('127.') || /^[0:]*:0*1$/.test(text)) {
    return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  }
  if (text.startsWith('169.254.') || /^fe[89ab][0-9a-f]:/.test(text)) {
    return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  }
  if (text.startsWith('224.0.0.') || text.startsWith('ff02:')) {
    return ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'];
  }
  return [];
}

// Keys, tokens, certificates and sealed boxes: what holds, and what a change of one byte breaks.

import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  authorityHash,
  checkCertificate,
  createFileAddressBook,
  formatToken,
  generateSealingKey,
  generateSigningKey,
  generateToken,
  issueCertificate,
  loadIdentity,
  parseHostPort,
  parseToken,
  seal,
  sha256,
  signEd25519,
  unseal,
  verifyEd25519,
} from '../../../mesh/index.ts';
import { joinTranscript } from '../../../mesh/belonging/join-transcript.ts';
import { peerIdOf } from '../../../mesh/libp2p/peer-ids.ts';

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ 1;
  return copy;
};

describe('a token', () => {
  const keys = { membershipKey: new Uint8Array(32).fill(1), apiKey: new Uint8Array(4) };
  const token = generateToken(authorityHash(keys, sha256));

  it('survives being written down', () => {
    const parsed = parseToken(` ${formatToken(token)}\n`);
    ok(parsed.ok);
    equal(parsed.value.id, token.id);
    deepEqual(Buffer.from(parsed.value.secret), Buffer.from(token.secret));
    deepEqual(Buffer.from(parsed.value.authorityHash), Buffer.from(token.authorityHash));
  });

  it('that is cut short or damaged says which part, and never repeats itself', () => {
    const text = formatToken(token);
    for (const [bad, part] of [
      [text.slice(0, -3), 'last part'],
      [text.slice(3), 'first part'],
      [text.replace('.', '.A'), 'second part'],
      ['nonsense', 'three parts'],
    ] as const) {
      const parsed = parseToken(bad);
      ok(!parsed.ok && parsed.error.message.includes(part), bad);
      ok(!parsed.error.message.includes(text.split('.')[1]!));
    }
  });

  it('pins both keys of the authority and where one ends', () => {
    const shifted = { membershipKey: keys.membershipKey.slice(1), apiKey: new Uint8Array(5) };
    const other = { ...keys, apiKey: new Uint8Array([0, 0, 0, 1]) };
    for (const changed of [shifted, other]) {
      ok(!Buffer.from(authorityHash(changed, sha256)).equals(token.authorityHash));
    }
  });
});

describe('a proof', () => {
  const parts = {
    authorityHash: new Uint8Array(32),
    joiner: 'joiner',
    acceptor: 'acceptor',
    joinerNonce: new Uint8Array(32).fill(1),
    acceptorNonce: new Uint8Array(32).fill(2),
  };

  it('is for this joiner, acceptor, cluster and moment alone', () => {
    const usual = Buffer.from(joinTranscript(parts));
    for (const change of [
      { authorityHash: new Uint8Array(32).fill(9) },
      { joiner: 'other' },
      { acceptor: 'other' },
      { joinerNonce: new Uint8Array(32).fill(3) },
      { acceptorNonce: new Uint8Array(32).fill(3) },
      { joiner: 'joineracc', acceptor: 'eptor' },
    ]) {
      ok(!usual.equals(joinTranscript({ ...parts, ...change })));
    }
  });
});

describe('a membership certificate', () => {
  const authority = generateSigningKey();
  const peer = peerIdOf(generateSigningKey().publicKey);
  const claims = {
    v: 1,
    cluster: 'c',
    peer,
    zone: 'z',
    notBefore: 1_000_000,
    notAfter: 2_000_000,
    serial: 's',
  } as const;
  const certificate = issueCertificate(claims, (bytes) => signEd25519(authority.seed, bytes));
  const check = (bytes: Uint8Array, expected = {}) =>
    checkCertificate(
      bytes,
      { authorityKey: authority.publicKey, peer, wallMs: 1_500_000, ...expected },
      verifyEd25519,
    );

  it('says what its authority said', () => {
    const read = check(certificate);
    ok(read.ok);
    deepEqual(read.value, claims);
  });

  it('is refused for another peer, another authority and another time', () => {
    const others = [{ peer: 'x' }, { authorityKey: generateSigningKey().publicKey }];
    for (const expected of [...others, { wallMs: 0 }, { wallMs: 9_000_000 }]) {
      const read = check(certificate, expected);
      equal(read.ok ? 'accepted' : read.error.code, 'unauthorized');
    }
  });

  it('breaks with any byte', () => {
    for (let i = 0; i < certificate.length; i++)
      ok(!check(flipped(certificate, i)).ok, `byte ${i}`);
  });
});

describe('a sealed box', () => {
  it('opens for its owner and purpose alone', () => {
    const own = generateSealingKey();
    const box = seal(own.publicKey, 'authority key', Buffer.from('secret'));
    const opened = unseal(own, 'authority key', box);
    equal(opened.ok && Buffer.from(opened.value).toString(), 'secret');
    ok(!unseal(generateSealingKey(), 'authority key', box).ok);
    ok(!unseal(own, 'another purpose', box).ok);
    for (let i = 0; i < box.length; i++) ok(!unseal(own, 'authority key', flipped(box, i)).ok);
  });
});

describe('on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-mesh-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('an identity is made once and readable by its user only', async () => {
    const path = join(folder, 'deep', 'identity.json');
    const first = await loadIdentity(path);
    deepEqual((await loadIdentity(path)).peer, first.peer);
    equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('an identity that others may read, or that is damaged, is refused with a remedy', async () => {
    const path = join(folder, 'identity.json');
    await loadIdentity(path);
    await chmod(path, 0o644);
    await rejects(loadIdentity(path), /chmod 600/);
    await chmod(path, 0o600);
    await writeFile(path, '{');
    await rejects(loadIdentity(path), /damaged/);
  });

  it('an address book is empty at first and keeps what was saved', async () => {
    const book = createFileAddressBook(join(folder, 'book.json'));
    deepEqual(await book.load(), []);
    const entries = [
      { peer: 'p', addresses: ['h:1'], workedMs: { 'h:1': 4, 'old:1': 3 }, seenMs: 5 },
    ];
    await book.save(entries);
    deepEqual(await book.load(), entries);
    const { workedMs: _, ...first } = entries[0]!;
    await writeFile(join(folder, 'book.json'), JSON.stringify({ v: 1, peers: [first] }));
    deepEqual(await book.load(), [{ ...first, workedMs: {} }]);
    await writeFile(join(folder, 'book.json'), '{');
    await rejects(book.load(), /damaged/);
  });
});

describe('an address', () => {
  it('is read as host, host:port, bracketed v6 or multiaddr', () => {
    deepEqual(parseHostPort('host'), { host: 'host', port: 7460 });
    deepEqual(parseHostPort('10.0.0.1:99'), { host: '10.0.0.1', port: 99 });
    deepEqual(parseHostPort('::1'), { host: '::1', port: 7460 });
    deepEqual(parseHostPort('[::1]:99'), { host: '::1', port: 99 });
    deepEqual(parseHostPort('/ip4/10.0.0.1/tcp/99/p2p/x'), { host: '10.0.0.1', port: 99 });
  });

  it('that is none is named', () => {
    for (const bad of ['', 'a:b', 'a:99999', '/ip4/1.2.3.4/udp/1', '/ip4/1.2.3.4']) {
      throws(() => parseHostPort(bad), new RegExp(`"${bad}" is no address`));
    }
  });
});

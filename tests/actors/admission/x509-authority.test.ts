import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  createApiAuthority,
  createRequest,
  issueClient,
  signServing,
  validity,
} from '../../../actors/admission/x509-authority.ts';

const period = validity(Date.now(), 86_400_000);

describe('the API authority', () => {
  it('signs a serving certificate for the names and addresses of a peer', async () => {
    const authority = await createApiAuthority('demo', period);
    const { request } = await createRequest('ada');
    const signed = await signServing(authority, request, 'ada', ['192.0.2.7', 'ada.lan'], period);
    const certificate = new X509Certificate(signed);
    assert.equal(certificate.checkHost('ada.lan'), 'ada.lan');
    assert.equal(certificate.checkIP('192.0.2.7'), '192.0.2.7');
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
  });

  it('refuses a request that was altered', async () => {
    const authority = await createApiAuthority('demo', period);
    const { request } = await createRequest('ada');
    const at = request.length - 60;
    const altered =
      request.slice(0, at) + (request[at] === 'A' ? 'B' : 'A') + request.slice(at + 1);
    await assert.rejects(signServing(authority, altered, 'ada', [], period));
  });

  it('lets a client and a server of one cluster know each other over TLS', async () => {
    const authority = await createApiAuthority('demo', period);
    const { request, key } = await createRequest('ada');
    const cert = await signServing(authority, request, 'ada', [], period);
    const subject = { user: 'admin', groups: ['system:masters', 'a,b'] };
    const client = await issueClient(authority, subject, period);
    const server = createServer(
      { key, cert, ca: authority.certificate, requestCert: true, rejectUnauthorized: false },
      (incoming, response) => {
        const socket = incoming.socket as TLSSocket;
        response.end(
          JSON.stringify({ ok: socket.authorized, subject: socket.getPeerCertificate().subject }),
        );
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const body = await new Promise<string>((resolve, reject) => {
      const call = httpsRequest(
        {
          host: '127.0.0.1',
          port,
          ca: authority.certificate,
          cert: client.certificate,
          key: client.key,
          agent: false,
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve(text));
        },
      );
      call.on('error', reject);
      call.end();
    });
    server.close();
    assert.deepEqual(JSON.parse(body), {
      ok: true,
      subject: { CN: 'admin', O: ['system:masters', 'a,b'] },
    });
  });
});

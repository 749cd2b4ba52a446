import { createHash } from 'node:crypto';
import {
  Metadata,
  type Deadline,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { Code, DISCOVER, type CallRequest, type CallStatus, type CallTransport } from '../gateway/index.ts';
import { MAX_UNANSWERED_REQUESTS } from './limits.ts';

/** A node's side of its calls. */
export interface Node {
  readonly transport: CallTransport;
  /** 'peer0.north' */
  readonly id: string;
  readonly session: number;
  /** Where the listener's nodes are, by the address that the configuration gives; complete once it listens. */
  readonly advertised: ReadonlyMap<string, string>;
  /** Signed requests have to name the TLS certificate of the connection on which they come. */
  readonly bindsClients: boolean;
}

/** What of a call the three kinds have in common. */
interface Incoming {
  getDeadline(): Deadline;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly raw: Buffer } | undefined };
}

const NOTHING = new Uint8Array();

export function unaryCall(node: Node, method: string): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    let answer: Buffer | undefined;
    const open = node.transport.open(requestOf(node, 'unary', method, call, call.request), {
      message: (bytes) => {
        answer = asBuffer(bytes);
      },
      end: (status) => {
        if (status.code === Code.OK) callback(null, answer);
        else callback(failureOf(status));
      },
    });
    call.on('cancelled', () => open.cancel());
  };
}

export function serverStreamCall(node: Node, method: string): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    const request = requestOf(node, 'serverStream', method, call, call.request);
    answerOn(node, call, request, () => undefined);
  };
}

export function bidirectionalCall(node: Node, method: string): handleBidiStreamingCall<Buffer, Buffer> {
  return (call) => {
    let unanswered = 0;
    const request = requestOf(node, 'bidirectional', method, call, NOTHING);
    const open = answerOn(node, call, request, () => {
      if (unanswered > 0) unanswered -= 1;
      call.resume();
    });
    call.on('data', (bytes: Buffer) => {
      unanswered += 1;
      if (unanswered >= MAX_UNANSWERED_REQUESTS) call.pause();
      open.write(bytes);
    });
    call.on('end', () => open.finish());
  };
}

/** Opens the call and writes its answers as fast as the client takes them. */
function answerOn(
  { transport }: Node,
  call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  request: CallRequest,
  onAnswer: () => void,
) {
  let isPaused = false;
  const open = transport.open(request, {
    message: (bytes) => {
      if (call.cancelled) return;
      onAnswer();
      if (call.write(asBuffer(bytes)) || isPaused) return;
      isPaused = true;
      open.pause();
    },
    end: (status) => {
      if (status.code === Code.OK) call.end();
      else call.emit('error', failureOf(status));
    },
  });
  call.on('drain', () => {
    isPaused = false;
    open.resume();
  });
  call.on('cancelled', () => open.cancel());
  return open;
}

function requestOf(
  { id, session, bindsClients, advertised }: Node,
  kind: CallRequest['kind'],
  method: string,
  call: Incoming,
  request: Uint8Array,
): CallRequest {
  const deadline = Number(call.getDeadline());
  return {
    target: { node: id },
    method,
    kind,
    request,
    deadline,
    session,
    ...(bindsClients && { clientCertificateHash: certificateHash(call) }),
    ...(method === DISCOVER && { advertised: Object.fromEntries(advertised) }),
  };
}

/** As Fabric's ExtractCertificateHashFromContext: SHA-256 of the certificate's DER; empty without a certificate. */
function certificateHash(call: Incoming): Uint8Array {
  const certificate = call.getAuthContext().sslPeerCertificate?.raw;
  return certificate === undefined ? NOTHING : createHash('sha256').update(certificate).digest();
}

function failureOf({ code, message, details }: CallStatus) {
  const metadata = new Metadata();
  if (details !== undefined) metadata.set('grpc-status-details-bin', asBuffer(details));
  return { code, details: message, metadata };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

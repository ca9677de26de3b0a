/**
 * What APNs checks in a push, and its answers.
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */

import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { setNewest } from '../../lib/bounded-map.ts';
import { apsFault, showsNothing } from '../shared/aps.ts';
import type { Answer, Asked, Peer, Rules } from '../shared/rules.ts';
import { apnsTokenForm } from '../shared/tokens.ts';

interface ApnsRulesOptions {
  /** PEM of the public half of the key that signs provider tokens */
  publicKey: string;
  keyId: string;
  teamId: string;
  topics: readonly string[];
  now(): number;
}

/** Every reason that Apple documents for a push, with its HTTP status. */
const statuses: Record<string, number> = {
  BadCollapseId: 400,
  BadDeviceToken: 400,
  BadExpirationDate: 400,
  BadMessageId: 400,
  BadPriority: 400,
  BadTopic: 400,
  DeviceTokenNotForTopic: 400,
  InvalidPushType: 400,
  MissingDeviceToken: 400,
  MissingTopic: 400,
  PayloadEmpty: 400,
  TopicDisallowed: 400,
  BadCertificate: 403,
  BadCertificateEnvironment: 403,
  BadEnvironmentKeyIdInToken: 403,
  ExpiredProviderToken: 403,
  Forbidden: 403,
  InvalidProviderToken: 403,
  MissingProviderToken: 403,
  UnrelatedKeyIdInToken: 403,
  BadPath: 404,
  MethodNotAllowed: 405,
  ExpiredToken: 410,
  Unregistered: 410,
  PayloadTooLarge: 413,
  TooManyProviderTokenUpdates: 429,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
  Shutdown: 503,
};

/** What follows the bundle id in the topic, by push type. */
const topicSuffixes: Record<string, string> = {
  alert: '',
  background: '',
  mdm: '',
  voip: '.voip',
  complication: '.complication',
  location: '.location-query',
  fileprovider: '.pushkit.fileprovider',
  liveactivity: '.push-type.liveactivity',
  pushtotalk: '.voip-ptt',
  controls: '.push-type.controls',
  widgets: '.push-type.widgets',
};
const DEVICE = '/3/device/';
/**
 * A token that Apple never issues. Clients send it to test everything but the token, so it is refused
 * last, after all other checks.
 */
const NO_DEVICE = /\/0+$/;
const MAX_PAYLOAD = 4096;
const MAX_VOIP_PAYLOAD = 5120;
const MAX_COLLAPSE_ID = 64;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** ms after its issue that a provider token is accepted. APNs refuses older ones. */
const MAX_AGE = 60 * 60 * 1000;
/** ms that a token's issue may lie in the future, because clocks differ. */
const MAX_SKEW = 5 * 60 * 1000;
/** "no more than once every 20 minutes", in ms. Like APNs, the simulator tolerates a few updates more. */
const UPDATE_WINDOW = 20 * 60 * 1000;
const MAX_UPDATES = 3;
/** Limits the cache of verified tokens. A client has one or two. */
const MAX_KEPT = 1000;

/** The rules of APNs, for the simulator. Time in ms. */
export function apnsRules(options: ApnsRulesOptions): Rules {
  const verifier = bearerVerifier(options);
  /** the last valid payload: all payloads of a campaign are the same, so the check is skipped */
  let goodPayload = Buffer.alloc(0);
  let goodType = '';

  function refuse(asked: Asked, reason: string, more: { timestamp?: number } = {}): Answer {
    const status = statuses[reason];
    if (status === undefined) throw new Error(`APNs has no reason ${reason}`);
    return {
      status,
      headers: { 'apns-id': idOf(asked) },
      body: JSON.stringify({ reason, ...more }),
      reason,
    };
  }

  function faultOf({ headers, body }: Asked, peer: Peer): string | null {
    if (headers[':method'] !== 'POST') return 'MethodNotAllowed';
    const path = headers[':path'] ?? '';
    if (!path.startsWith(DEVICE)) return 'BadPath';
    const authorized =
      headers.authorization === undefined && peer.uid !== null
        ? null
        : verifier(headers.authorization, peer);
    if (authorized) return authorized;
    if (path.length === DEVICE.length) return 'MissingDeviceToken';
    if (!apnsTokenForm.test(path.slice(DEVICE.length))) return 'BadDeviceToken';
    const type = headers['apns-push-type'];
    if (type === undefined || !Object.hasOwn(topicSuffixes, type)) return 'InvalidPushType';
    const topic = headers['apns-topic'];
    if (!topic) return 'MissingTopic';
    const suffix = topicSuffixes[type]!;
    if (!topic.endsWith(suffix)) return 'BadTopic';
    const bundleId = topic.slice(0, topic.length - suffix.length);
    const allowed = peer.uid === null ? options.topics.includes(bundleId) : bundleId === peer.uid;
    if (!allowed) return 'TopicDisallowed';
    const priority = headers['apns-priority'];
    if (priority !== undefined && priority !== '10' && priority !== '5' && priority !== '1')
      return 'BadPriority';
    // "Always use priority 5. Using priority 10 is an error."; without the header it is 10
    if (type === 'background' && (priority ?? '10') === '10') return 'BadPriority';
    if (headers['apns-expiration'] !== undefined && !/^\d{1,10}$/.test(headers['apns-expiration']))
      return 'BadExpirationDate';
    if (Buffer.byteLength(headers['apns-collapse-id'] ?? '') > MAX_COLLAPSE_ID)
      return 'BadCollapseId';
    if (headers['apns-id'] !== undefined && !uuid.test(headers['apns-id'])) return 'BadMessageId';
    if (body.length > (type === 'voip' ? MAX_VOIP_PAYLOAD : MAX_PAYLOAD)) return 'PayloadTooLarge';
    if (body.length === 0 || !isGood(body, type)) return 'PayloadEmpty';
    return NO_DEVICE.test(path) ? 'BadDeviceToken' : null;
  }

  /**
   * APNs has no reason for a payload that is not a JSON object, or whose `aps` is not as documented: it
   * accepts many of them, and the device shows nothing. The simulator refuses all of them.
   */
  function isGood(body: Buffer, type: string): boolean {
    if (goodType === type && goodPayload.equals(body)) return true;
    const payload = objectIn(body);
    if (payload === null) return false;
    const { aps = {} } = payload;
    if (apsFault(aps, type === 'liveactivity') !== null) return false;
    const dictionary = aps as Record<string, unknown>;
    const silent = showsNothing(dictionary);
    if (type === 'alert' && silent) return false;
    if (type === 'background' && (!silent || dictionary['content-available'] !== 1)) return false;
    goodPayload = Buffer.from(body);
    goodType = type;
    return true;
  }

  return {
    check(asked, peer) {
      const fault = faultOf(asked, peer);
      if (fault) return { refusal: refuse(asked, fault) };
      return { token: asked.headers[':path']!.slice(DEVICE.length), dryRun: false };
    },
    accept: (asked) => ({
      status: 200,
      headers: { 'apns-id': idOf(asked) },
      body: '',
      reason: null,
    }),
    unregistered: (asked) => refuse(asked, 'Unregistered', { timestamp: options.now() }),
    badToken: (asked) => refuse(asked, 'BadDeviceToken'),
    general: (asked) => refuse(asked, 'Forbidden'),
    tooMany: (asked, seconds) => later(refuse(asked, 'TooManyRequests'), seconds),
    unavailable: (asked, seconds) => later(refuse(asked, 'ServiceUnavailable'), seconds),
    refuse: (asked, reason) => refuse(asked, reason),
  };
}

const later = (answer: Answer, seconds: number): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'retry-after': String(seconds) },
});

/** APNs makes an id for a push that has none. */
const idOf = ({ headers }: Asked) => headers['apns-id'] ?? randomUUID().toUpperCase();

function objectIn(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown> | null)
      : null;
  } catch {
    return null;
  }
}

/** Returns a check of bearer tokens: the reason for a refusal on this connection, or null. */
function bearerVerifier(options: ApnsRulesOptions) {
  const publicKey = createPublicKey(options.publicKey);
  /** by the token's text: its time of issue (ms since the epoch), or the reason for a refusal */
  const judged = new Map<string, number | string>();

  function verifyBearer(token: string): number | string {
    const [header = '', claims = '', signature = '', ...more] = token.split('.');
    const { alg, kid } = decode(header);
    const { iss, iat } = decode(claims);
    const signed = verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    const good =
      more.length === 0 &&
      signed &&
      alg === 'ES256' &&
      kid === options.keyId &&
      iss === options.teamId;
    return good && typeof iat === 'number' ? iat * 1000 : 'InvalidProviderToken';
  }

  return (authorization: string | undefined, peer: Peer): string | null => {
    const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (!token) return 'MissingProviderToken';
    let issued = judged.get(token);
    if (issued === undefined) {
      issued = verifyBearer(token);
      setNewest(judged, token, issued, MAX_KEPT);
    }
    if (typeof issued === 'string') return issued;
    const now = options.now();
    if (now - issued > MAX_AGE) return 'ExpiredProviderToken';
    if (issued - now > MAX_SKEW) return 'InvalidProviderToken';
    if (!peer.bearers.has(token)) {
      for (const [old, since] of peer.bearers)
        if (now - since > UPDATE_WINDOW) peer.bearers.delete(old);
      if (peer.bearers.size >= MAX_UPDATES) return 'TooManyProviderTokenUpdates';
      peer.bearers.set(token, now);
    }
    return null;
  };
}

function decode(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

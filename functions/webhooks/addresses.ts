/**
 * Which addresses a webhook may have. The caller who registers a webhook chooses where this machine
 * posts to. So addresses that are reachable only from here are refused: private networks, metadata
 * servers.
 *
 * A host name is looked up once, and the connection goes to the address that was checked. The DNS is
 * never asked a second time, so it cannot give another answer (rebinding). An address in the URL itself
 * is checked before the connection, since it needs no lookup.
 * https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */

import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast. */
const IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * IPv6: only global unicast is allowed, without the ranges that carry another address (6to4, Teredo)
 * or are for documentation. This excludes IPv4-mapped, NAT64, unique local and link-local addresses.
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const GLOBAL = '2000::/3';
const IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const listOf = (family: 'ipv4' | 'ipv6', subnets: string[]) => {
  const list = new BlockList();
  for (const it of subnets) {
    const [net = '', prefix] = it.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
};
const closedIpv4 = listOf('ipv4', IPV4);
const closedIpv6 = listOf('ipv6', IPV6);
const globalIpv6 = listOf('ipv6', [GLOBAL]);

/** Whether the address is reachable from the whole internet. False for a text that is no address. */
export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closedIpv4.check(address, 'ipv4');
    case 6:
      return globalIpv6.check(address, 'ipv6') && !closedIpv6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** The host has an address that a webhook may not have. */
export class Forbidden extends Error {
  override name = 'Forbidden';
}

/** Looks up all addresses of a host, as `dns.lookup` with `all`. */
export type Resolve = (
  host: string,
  found: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const resolveByDns: Resolve = (host, found) =>
  dnsLookup(host, { all: true }, (error, addresses) => found(error, addresses ?? []));

/**
 * A `lookup` for `connect` that fails with `Forbidden` if any address of the name is not public. One
 * such address among public ones is no accident, and we cannot choose which of them is tried.
 */
export const publicLookup =
  (resolve: Resolve = resolveByDns): LookupFunction =>
  (host, { all }, found) => {
    resolve(host, (error, addresses) => {
      if (error) return found(error, []);
      const bad = addresses.find((it) => !isPublic(it.address));
      if (bad || addresses.length === 0)
        return found(new Forbidden(`${host} has an address that is not public`), []);
      if (all) found(null, addresses);
      else found(null, addresses[0]!.address, addresses[0]!.family);
    });
  };

/**
 * Returns why a webhook may not have this URL, in words for the caller who registers it; null if it
 * may. `local` allows http and addresses that are not public.
 */
export function faultOfUrl(text: string, { local }: { local: boolean }): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return 'must be an https:// URL';
  if (url.protocol === 'http:' && !local) return 'must be https: what is posted is read by others';
  if (url.username || url.password) return 'must not have a user or a password in it';
  if (url.hash) return 'must not have a fragment';
  if (!local && isLiteral(url) && !isPublic(hostOf(url)))
    return 'leads to an address that is not public';
  return null;
}

/** The host without brackets. `URL` has already brought IPv4 addresses into their usual form. */
export const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '');
export const isLiteral = (url: URL) => isIP(hostOf(url)) !== 0;

/** What the frames of the connection mean, to a client and to a server alike. */

import type { Encoder } from '../hpack/encoder.ts';
import type { ConnectionFrames, SessionHandler } from './handler.ts';
import type { Pings } from './pings.ts';
import * as F from './protocol.ts';
import { type PeerSettings, readSettings } from './settings.ts';
import type { SessionWriter } from './writer.ts';

interface ConnectionFramesOptions {
  handler: SessionHandler;
  /** changed by the peer's SETTINGS */
  peer: PeerSettings;
  encoder: Encoder;
  writer: SessionWriter;
  pings: Pings;
  /** bytes that may be on their way to us, for all streams together */
  receiveWindow: number;
  /** the window of the connection to the peer, changed by WINDOW_UPDATE */
  session: { sendWindow: number };
}

export function createConnectionFrames({
  handler,
  peer,
  encoder,
  writer,
  pings,
  receiveWindow,
  session,
}: ConnectionFramesOptions): ConnectionFrames {
  /** bytes received and not given back by WINDOW_UPDATE */
  let taken = 0;
  return {
    settings({ bytes, from, to }) {
      const { initialWindowSize, headerTableSize } = peer;
      readSettings(peer, bytes, from, to);
      if (peer.headerTableSize !== headerTableSize) encoder.setMaxTableSize(peer.headerTableSize);
      // the acknowledgement goes before anything written under the new settings (section 6.5.3)
      writer.writeFrame({ length: 0, type: F.SETTINGS, flags: F.ACK, id: 0 });
      handler.settings(peer.initialWindowSize - initialWindowSize);
    },
    ping: pings.received,
    credit(increment) {
      if (session.sendWindow + increment > F.MAX_WINDOW)
        throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
      session.sendWindow += increment;
      handler.writable();
    },
    received(size) {
      taken += size;
      // data is used or dropped as it comes, so the window is given back whatever becomes of the
      // stream, and no peer can overdraw it
      if (taken <= receiveWindow / 2) return;
      writer.writeNumber(F.WINDOW_UPDATE, 0, taken);
      taken = 0;
    },
  };
}

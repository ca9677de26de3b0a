/** What the server gives to the code that answers its requests. */

export interface ServerStream {
  readonly connection: ServerConnection;
  /** Names in lower case, pseudo-headers included; repeated fields are joined by commas. */
  readonly headers: Record<string, string>;
  /** cut after 64 KiB */
  readonly body: Buffer;
}

export interface ServerConnection {
  /** streams opened so far */
  streams: number;
  /**
   * Answers a request. Only the first answer counts, and none if the client has given up the stream.
   * Header names are in lower case, values ASCII: otherwise the stream ends with INTERNAL_ERROR.
   */
  respond(
    stream: ServerStream,
    status: number,
    headers: Record<string, string>,
    body: string | Buffer,
  ): void;
  /** Ends a stream by RST_STREAM. REFUSED_STREAM tells the client that nothing was processed. */
  reset(stream: ServerStream, code: number): void;
  /** Sends GOAWAY: finishes the open streams, ignores later ones, and then ends the connection. */
  goaway(): void;
  /** Destroys the socket without telling the client. */
  cut(): void;
}

export interface ServerEvents {
  /** A stream was opened. Its request may be complete later, or never. */
  opened?(connection: ServerConnection): void;
  /** A request is complete. It may be answered now, later, or never. */
  request(stream: ServerStream): void;
}

/** A stream as its connection sees it. */
export interface Stream extends ServerStream {
  id: number;
  body: Buffer;
  /** of a body that takes several frames, until it is complete */
  parts: Buffer[] | null;
  /** content-length; -1 without one, -2 if it is malformed */
  length: number;
  /** bytes of the request's body so far */
  received: number;
  /** bytes of its window that are used and not given back by WINDOW_UPDATE */
  taken: number;
  /** the whole request has come */
  complete: boolean;
  /** the part of an answer's body that waits for a window */
  rest: Buffer | null;
  /** bytes of its window beyond the initial one */
  credit: number;
}

const noBytes = Buffer.alloc(0);

/** Returns a stream whose header block has come. `length`: its content-length. */
export const openStream = (
  connection: ServerConnection,
  id: number,
  headers: Record<string, string>,
  length: number,
): Stream => ({
  connection,
  headers,
  body: noBytes,
  parts: null,
  id,
  length,
  received: 0,
  taken: 0,
  complete: false,
  rest: null,
  credit: 0,
});

/** What a server of HTTP/2 gives to whoever answers its requests. */

/** Header names in lower case, pseudo-headers included; what came twice is joined by a comma. */
export interface ServerStream {
  readonly connection: ServerConnection;
  readonly headers: Record<string, string>;
  /** cut after 64 KiB */
  readonly body: Buffer;
}

export interface ServerConnection {
  /** streams opened so far */
  streams: number;
  /** Once; does nothing for a stream that the client has given up. */
  respond(
    stream: ServerStream,
    status: number,
    headers: Record<string, string>,
    body: string | Buffer,
  ): void;
  /** Ends a stream by RST_STREAM; REFUSED_STREAM tells the client that nothing was done. */
  reset(stream: ServerStream, code: number): void;
  /** The streams of now are finished, later ones never looked at; then the connection ends. */
  goaway(): void;
  /** The socket is gone, without a word. */
  cut(): void;
}

export interface ServerEvents {
  /** A stream was opened; its request is complete later, or never. */
  opened?(connection: ServerConnection): void;
  /** A complete request; to be answered now, later, or never. */
  request(stream: ServerStream): void;
}

/** A stream as its connection knows it. */
export interface Stream extends ServerStream {
  id: number;
  body: Buffer;
  /** of a body that takes several frames, until it is complete */
  parts: Buffer[] | null;
  /** content-length; -1 without one */
  length: number;
  received: number;
  /** of its window, not given back yet */
  taken: number;
  complete: boolean;
  /** the part of an answer that waits for a window */
  rest: Buffer | null;
  credit: number;
}

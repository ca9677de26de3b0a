/**
 * An answer to a query is whole, or it is an error.
 *
 * When a stream of documents breaks off, the SDK asks for what is missing by itself: after the last
 * document, and `limit` less what has come. It counts responses without a document too (Firestore may
 * send those to report progress), so its answer may be short although more follows. And where the order
 * needs a field that the query does not select, it throws where nothing can catch it.
 * https://github.com/googleapis/nodejs-firestore/blob/main/dev/src/reference/query-util.ts
 *
 * So a query that breaks off fails here with a code that the SDK passes on; `client.read` then asks
 * for all of it again. Documents that are asked for by name need none of this: the SDK knows which
 * have not come.
 */

import { type Client, InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';

type Transform = NonNullable<
  NonNullable<ConstructorParameters<typeof Client>[2]>['callInvocationTransformer']
>;

/** What a query that broke off fails with. Nothing else in Firestore does. */
export const BROKEN_OFF = status.DATA_LOSS;

/** For the option `grpc.callInvocationTransformer`, through which each call of a client goes. */
export const withWholeAnswers: Transform = (call) =>
  call.methodDefinition.path.endsWith('/RunQuery')
    ? { ...call, callOptions: { ...call.callOptions, interceptors: [wholeOrNothing] } }
    : call;

const wholeOrNothing: Interceptor = (options, nextCall) => {
  let begun = false;
  return new InterceptingCall(nextCall(options), {
    start(metadata, _listener, next) {
      next(metadata, {
        onReceiveMessage(message, pass) {
          begun = true;
          pass(message);
        },
        onReceiveStatus(end, pass) {
          const brokeOff = begun && end.code !== status.OK;
          pass(brokeOff ? { ...end, code: BROKEN_OFF } : end);
        },
      });
    },
  });
};

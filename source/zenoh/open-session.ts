/** Where sessions come from: checks the endpoint and picks the driver under it. */
import { readCredentials } from './credentials.ts';
import { parseEndpoint } from './endpoint.ts';
import { isNativeAvailable, nativeUnavailableReason } from './native-addon.ts';
import { nativeDrivers } from './native-driver.ts';
import { remoteDrivers } from './remote-driver.ts';
import { type OpenSession, SessionError } from './session.ts';
import { superviseSession } from './supervisor.ts';

export { DEFAULT_ENDPOINT, ENDPOINT_VARIABLE, resolveEndpoint } from './endpoint.ts';

export const openSession: OpenSession = (endpoint, options) => {
  const { kind, text } = parseEndpoint(endpoint);
  if (kind === 'remote') return superviseSession(remoteDrivers, text, options);
  if (!isNativeAvailable()) {
    throw new SessionError(
      'unsupported',
      `${text} needs the native addon: ${nativeUnavailableReason() ?? 'it is missing'}; ` +
        'without it only the router’s WebSocket can be used, `ws://HOST:10000`',
    );
  }
  // A file that is wrong is said at once, and not tried again and again.
  readCredentials();
  return superviseSession(nativeDrivers, text, options);
};

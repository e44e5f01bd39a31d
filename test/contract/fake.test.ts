import { FakeNetwork } from '../support/fake-session.ts';
import { sessionContract } from './session-contract.ts';

sessionContract('fake', 'native', async () => {
  const network = new FakeNetwork();
  const nowhere = new FakeNetwork();
  nowhere.cut();
  return {
    kind: 'native',
    open: (options) => network.session(options),
    openOther: (options) => network.session(options),
    openSender: (options) => network.session(options),
    openNowhere: (options) => nowhere.session(options),
    openAtPort: () => undefined,
    killRouter: async () => network.cut(),
    restartRouter: async () => network.restore(),
    async suspendRouter() {
      network.stall();
      // A real session notices by itself, after some seconds.
      setTimeout(() => network.cut('the router does not answer'), 1_000);
    },
    resumeRouter: () => network.restore(),
    stop: async () => undefined,
  };
});

import { startRealRig } from './real-rig.ts';
import { sessionContract } from './session-contract.ts';

sessionContract('native', 'native', () => startRealRig('native'));

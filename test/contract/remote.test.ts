import { startRealRig } from './real-rig.ts';
import { sessionContract } from './session-contract.ts';

sessionContract('remote', 'remote', () => startRealRig('remote'));

import { busConformance } from '../../src/conformance.ts';
import { makeSqliteBus } from '../helpers/sqlite.ts';

busConformance('sqlite', makeSqliteBus);

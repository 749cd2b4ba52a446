export {
  ConfigError,
  type ConfigErrorCode,
  configWarnings,
  FHIR_PATH,
  fhirBase,
  parseConfig,
  readConfig,
  type ServerConfig,
} from './config.ts';
export { openSecrets, Secret, type ServerSecrets } from './secrets.ts';

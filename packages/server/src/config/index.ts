export {
  ConfigError,
  configWarnings,
  httpTls,
  FHIR_PATH,
  fhirBase,
  parseConfig,
  type ServerConfig,
} from './config.ts';
export { openSecrets } from './secrets.ts';

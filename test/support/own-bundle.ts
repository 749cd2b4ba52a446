/**
 * A transaction bundle as a hospital might send it, typed here as text because of its numbers: a digit that a parser of doubles would
 * lose, tags and labels of the client, private contact details of a practitioner, two copies of an organisation.
 */
export const OWN_BUNDLE = `{"resourceType":"Bundle","type":"transaction","entry":[
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000001","request":{"method":"POST","url":"Patient"},"resource":{
  "resourceType":"Patient","id":"p","meta":{"tag":[{"system":"urn:test:tag","code":"from-the-ward"}]},
  "identifier":[{"system":"urn:test:mrn","value":"MRN-4711"}],"name":[{"family":"Quillfeather","given":["Odalys"]}],
  "gender":"female","birthDate":"1961-02-03","extension":[{"url":"urn:test:score","valueDecimal":0.10}]}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000002","request":{"method":"POST","url":"Practitioner"},"resource":{
  "resourceType":"Practitioner","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"9900000001"}],
  "name":[{"family":"Thistlewood"}],"birthDate":"1970-01-01","photo":[{"url":"https://photo.test/1"}],
  "text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">Dr Thistlewood</div>"},
  "telecom":[{"system":"phone","value":"+1 555 0100","use":"work"},{"system":"phone","value":"+1 555 0199","use":"home"}],
  "address":[{"line":["7 Private Lane"],"city":"Elsewhere"}]}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000003","request":{"method":"POST","url":"Organization"},"resource":{
  "resourceType":"Organization","identifier":[{"system":"urn:test:org","value":"ORG-1"}],"name":"Ward 7"}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000004","request":{"method":"POST","url":"Organization"},"resource":{
  "resourceType":"Organization","identifier":[{"system":"urn:test:org","value":"ORG-1"}],"name":"Ward 7"}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000005","request":{"method":"POST","url":"Encounter"},"resource":{
  "resourceType":"Encounter","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},
  "subject":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000001"},
  "serviceProvider":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000004"},
  "participant":[{"individual":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000002","display":"Dr Thistlewood"}}]}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000006","request":{"method":"POST","url":"Observation"},"resource":{
  "resourceType":"Observation","status":"final","meta":{"tag":[{"system":"urn:test:tag","code":"analyser-2","display":"Ü 2"}]},
  "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
  "code":{"coding":[{"system":"http://loinc.org","code":"2160-0"}],"text":"Creatinine \\u00e9\\ud83e\\ude7a"},
  "subject":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000001"},
  "encounter":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000005"},
  "valueQuantity":{"value":1.00,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},
  "referenceRange":[{"low":{"value":0.50},"high":{"value":1.2e0}}],
  "component":[{"code":{"text":"long"},"valueQuantity":{"value":12345678901234567890.0123456789}},
    {"code":{"text":"zero"},"valueQuantity":{"value":-0.0}},{"code":{"text":"whole"},"valueInteger":10}]}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000007","request":{"method":"POST","url":"Observation"},"resource":{
  "resourceType":"Observation","status":"final",
  "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
  "code":{"coding":[{"system":"http://loinc.org","code":"25836-8","display":"HIV 1 RNA"}]},
  "subject":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000001"},
  "valueQuantity":{"value":20.0,"unit":"copies/mL"}}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000008","request":{"method":"POST","url":"Condition"},"resource":{
  "resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
  "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"},
    {"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]},
  "code":{"text":"Low mood"},"subject":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000001"}}},
{"fullUrl":"urn:uuid:0a000000-0000-4000-8000-000000000009","request":{"method":"POST","url":"Claim"},"resource":{
  "resourceType":"Claim","status":"active","use":"claim","type":{"coding":[{"code":"professional"}]},"created":"2024-05-05",
  "patient":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000001"},
  "provider":{"reference":"urn:uuid:0a000000-0000-4000-8000-000000000003"},
  "priority":{"coding":[{"code":"normal"}]},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"self"}}],
  "total":{"value":125.50,"currency":"USD"}}}
]}`;

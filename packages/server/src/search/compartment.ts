/** Types of the patient compartment (R4 CompartmentDefinition) and the search parameters that link them to the Patient. */
export declare const compartmentTypes: ReadonlyMap<string, readonly string[]>;
/** Whether a type belongs to the patient compartment. */
export declare function inPatientCompartment(type: string): boolean;

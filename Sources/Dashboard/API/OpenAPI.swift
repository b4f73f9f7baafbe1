import FedCore
import Foundation
import Records

/// The description of the API (https://spec.openapis.org/oas/v3.1.0): a file, and in it the settings as they are declared.
enum OpenAPI {
    /// The document as JSON.
    static func document() throws -> Data {
        let data = Data(PackageResources.openapi_json)
        guard var document = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            var components = document["components"] as? [String: Any],
            var schemas = components["schemas"] as? [String: Any]
        else { throw ConfigurationError("openapi.json is no description of an API") }
        schemas["Settings"] = settings
        document["paths"] = (document["paths"] as? [String: [String: Any]])?.mapValues {
            $0.mapValues(withCommonErrors)
        }
        components["schemas"] = schemas
        document["components"] = components
        return try JSONSerialization.data(withJSONObject: document, options: [.sortedKeys, .withoutEscapingSlashes])
    }

    /// What every operation may answer.
    private static let commonErrors = ["400", "401", "404", "405", "421", "429", "503"]

    /// An operation with the errors that all may answer.
    private static func withCommonErrors(_ operation: Any) -> Any {
        guard var operation = operation as? [String: Any], var responses = operation["responses"] as? [String: Any]
        else {
            return operation
        }
        for code in commonErrors { responses[code] = ["$ref": "#/components/responses/\(code)"] }
        operation["responses"] = responses
        return operation
    }

    /// The settings as an object's schema. Whether a combination works only the program knows: then the answer is 422.
    private static var settings: [String: Any] {
        var properties: [String: Any] = [:]
        for setting in RunSettings.descriptions.flatMap(\.settings) { properties[setting.name] = schema(of: setting) }
        return [
            "type": "object", "additionalProperties": false, "properties": properties,
            "description":
                "Settings of `fedmpi train` by name; what is left out or null keeps its default. Every value may be a text, too.",
        ]
    }

    /// The schema of one setting: its type, range or words as they are declared.
    ///
    /// - Parameter setting: its declaration.
    private static func schema(of setting: SettingDescription) -> [String: Any] {
        var schema: [String: Any] = ["description": setting.help]
        switch setting.kind {
        case .integer, .number:
            schema["type"] = [setting.kind == .integer ? "integer" : "number", "string", "null"]
            if let minimum = setting.minimum {
                schema[minimum.isIncluded ? "minimum" : "exclusiveMinimum"] = minimum.value
            }
            if let maximum = setting.maximum {
                schema[maximum.isIncluded ? "maximum" : "exclusiveMaximum"] = maximum.value
            }
        case .flag: schema["type"] = ["boolean", "string", "null"]
        case .choice(let words): schema["enum"] = words + [NSNull()] as [Any]
        case .list: schema["type"] = ["array", "string", "null"]
        case .options: schema["type"] = ["object", "string", "null"]
        case .text: schema["type"] = ["string", "null"]
        }
        return schema
    }
}

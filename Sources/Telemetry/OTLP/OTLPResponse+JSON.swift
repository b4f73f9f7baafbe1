import Foundation

extension OTLPResponse {
    /// Reads a body in JSON: `{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "…"}}`, with the count's name by
    /// signal.
    package init(json bytes: [UInt8]) {
        self.init()
        let body = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        guard let partial = body?["partialSuccess"] as? [String: Any] else { return }
        for name in ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"] {
            // 64 bits: a string by protobuf's JSON, a number by some.
            let value = (partial[name] as? String).flatMap { Int($0) } ?? partial[name] as? Int
            if let value { rejected = value }
        }
        message = partial["errorMessage"] as? String ?? ""
    }
}

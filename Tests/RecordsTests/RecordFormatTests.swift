import Testing

@testable import Records

/// Where the records of a log are.
@Suite struct RecordFormatTests {
    private func records(_ text: String) -> (whole: [String], isCut: Bool) {
        let bytes = Array(text.utf8)
        let found = RecordFormat.places(in: bytes.span)
        return (found.whole.map { String(decoding: bytes[$0], as: UTF8.self) }, found.isCut)
    }

    @Test func `Records are found whatever is between and in them`() {
        let found = records("[\n{\"a\": {\"b\": [{}]}},{ }\n\n , {\"c\": \"}{\\\"}\\\\\"}\n]\n")
        #expect(found.whole == ["{\"a\": {\"b\": [{}]}}", "{ }", "{\"c\": \"}{\\\"}\\\\\"}"])
        #expect(!found.isCut)
    }

    @Test func `A record that is cut off is none, and what precedes it stays`() {
        let text = "[{\"a\": 1},{\"b\": {\"c\": \"}\"}}"
        #expect(records(text).whole.count == 2)
        for missing in 1...16 {
            let found = records(String(text.dropLast(missing)))
            #expect(found.whole == ["{\"a\": 1}"] && found.isCut, "\(missing)")
        }
    }

    @Test func `A part of a log that begins between two records is read like a whole one`() {
        #expect(records(",\n{\"a\": 1},\n{\"b\": 2}\n]\n").whole == ["{\"a\": 1}", "{\"b\": 2}"])
        #expect(records("}]").whole.isEmpty && !records("}]").isCut)
    }

    @Test(arguments: [("[", true), (" \n\t[1", true), ("", false), ("{}", false), ("x[", false), (" ", false)])
    func `A log begins with a bracket`(text: String, may: Bool) {
        #expect(RecordFormat.opensArray(text.utf8) == may)
    }
}

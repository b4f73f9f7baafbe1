import Foundation
import Testing

@testable import RunStore

@Suite struct SQLValueTests {
    private let database: Database

    init() throws {
        database = try Database(path: ":memory:", patience: 1)
    }

    /// What SQLite has of a value: its type and its bytes, as SQLite itself shows them.
    private func kept(_ value: any SQLConvertible) throws -> [String?] {
        try database.execute("SELECT typeof(:v), hex(:v)", ["v": value]).rows[0].map(\.shown)
    }

    private func returned<Value: SQLConvertible>(_ value: Value) throws -> Value? {
        Value(try database.execute("SELECT ?", [value]).rows[0][0])
    }

    @Test func `Numbers come back to the bit`() throws {
        for number in [Int.min, -1, 0, 1, .max] { #expect(try returned(number) == number) }
        for number in [1.0 / 3, -Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, 5, 0] {
            #expect(try returned(number) == number)
        }
        // "123" and "0.5" in ASCII.
        #expect(try kept(123) == ["integer", "313233"] && kept(0.5) == ["real", "302E35"])
        #expect(Double(.integer(7)) == 7 && Int(.real(7)) == nil && Int64(.integer(.max)) == .max)
    }

    @Test func `What is not there, and what is no number, is NULL`() throws {
        #expect(try kept(Int?.none) == ["null", ""] && kept(String?.none) == ["null", ""])
        #expect(try kept(Double.nan) == ["null", ""])
        #expect(Int?(.null) == .some(nil) && Int(.null) == nil && String(.null) == nil && Int?(.text("1")) == nil)
    }

    @Test func `Texts are UTF-8`() throws {
        // RFC 3629
        #expect(try kept("ä€😀") == ["text", "C3A4E282ACF09F9880"])
        #expect(try kept("") == ["text", ""])
        let long = String(repeating: "long ", count: 9_999)
        for text in ["", "ä€😀", "e\u{301}", "two\nlines", "'\";--", "before\u{0}after", long] {
            #expect(try returned(text)?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
        }
    }

    @Test func `Bytes are bytes`() throws {
        #expect(try kept(Data([0, 0xFF, 0x27])) == ["blob", "00FF27"])
        #expect(try kept(Data()) == ["blob", ""], "no bytes are not NULL")
        for bytes in [Data(), Data(0...255)] { #expect(try returned(bytes) == bytes) }
    }

    @Test(arguments: [
        // date -u -d @SECONDS
        (1_795_700_930.098, "2026-11-26 13:48:50.098"), (951_782_400.0, "2000-02-29 00:00:00.000"),
        (0.0, "1970-01-01 00:00:00.000"), (-0.5, "1969-12-31 23:59:59.500"), (59.9996, "1970-01-01 00:01:00.000"),
    ])
    func `Dates are texts that SQLite reads`(seconds: Double, text: String) throws {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(date.sql == .text(text))
        #expect(try database.value("SELECT strftime('%Y-%m-%d %H:%M:%f', ?)", [date]) == text)
        let read = try #require(Date(.text(text)))
        #expect(abs(read.timeIntervalSince(date)) < 0.001)
    }

    @Test func `A date that was read is written as it was`() throws {
        for millisecond in 0..<1000 {
            let text = "2026-11-26 13:48:50.\(String(format: "%03d", millisecond))"
            #expect(Date(.text(text))?.sql == .text(text))
        }
        for text in ["", "2026-11-26", "2026-11-26 13:48:50.1234", "what is not a date at a"] {
            #expect(Date(.text(text)) == nil)
        }
        #expect(Date(.integer(0)) == nil)
    }

    @Test func `Columns that hold something else than a row expects are named`() throws {
        func client(_ sql: SQL) throws -> [StoredClient] { try database.fetch(sql) }
        let found = try client("SELECT 2 AS samples, 'more' AS other, 1 AS client")
        #expect(found == [StoredClient(client: 1, samples: 2)])
        for samples: SQL in [", 'x' AS samples", ", NULL AS samples", ""] {
            let error = #expect(throws: DatabaseError.self) { try client("SELECT 1 AS client\(samples)") }
            #expect(error?.description == "column 'samples' holds no Int")
        }
    }
}

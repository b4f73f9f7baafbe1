import FedCore
import Testing

struct VectorsTests {
    @Test(
        arguments: [
            ([3], 0), ([1, 3, 2], 1), ([2, 5, 5], 1), ([-3, -1, -2], 1), ([1, .nan, 2], 2), ([.nan, 2], 0),
        ] as [([Float], Int)])
    func `The largest element is the first of equals, and NaN wins over nothing before it`(
        values: [Float], place: Int
    ) {
        #expect(values.span.argmax == place)
    }
}

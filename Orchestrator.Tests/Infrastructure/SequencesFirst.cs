using Orchestrator.Tests.Infrastructure;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(SequencesFirst))]

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// Starts with the collections of several classes, whose tests run one after the other: begun late, the longest would
/// run on alone at the end.
/// </summary>
public sealed class SequencesFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionClassName is null)];
}

using System.Reflection;
using System.Runtime.ExceptionServices;
using Orchestrator.Tests.Infrastructure;
using Xunit.Sdk;
using Xunit.v3;

[assembly: FixturesFirst]

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// A class or collection fixture that asks for components. xunit fails every test of a fixture that throws, so what is
/// missing is kept, and skips each test before its first line.
/// </summary>
public abstract class ComponentFixture : IAsyncLifetime
{
    private readonly List<Component> _asked = [];
    private SkipException? _missing;

    /// <summary>Whether <see cref="StartAsync"/> found everything that it asked for.</summary>
    protected bool IsServed => _missing is null;

    public async ValueTask InitializeAsync()
    {
        Components.RecordIn(_asked);
        try
        {
            await StartAsync();
        }
        catch (SkipException missing)
        {
            _missing = missing;
        }
    }

    /// <summary>Skips the test where something is missing. Constructors and InitializeAsync of test classes that use the fixture call it.</summary>
    public void Require()
    {
        _asked.ForEach(Components.Ask);
        if (_missing is not null)
        {
            ExceptionDispatchInfo.Throw(_missing);
        }
    }

    /// <summary>Starts what the tests share; asks <see cref="Components"/> for all it needs, first.</summary>
    protected abstract ValueTask StartAsync();

    /// <summary>Ends what was started, which may be nothing.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>Asks every <see cref="ComponentFixture"/> of a test before the test runs.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class FixturesFirstAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var types = test.TestCase.TestClass.ClassFixtureTypes.Concat(test.TestCase.TestCollection.CollectionFixtureTypes);
        foreach (var type in types.Where(typeof(ComponentFixture).IsAssignableFrom))
        {
            // Made before the class was, so there is nothing to wait for.
            ((ComponentFixture)TestContext.Current.GetFixture(type).AsTask().GetAwaiter().GetResult()!).Require();
        }
    }
}

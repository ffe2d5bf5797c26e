using System.Reflection;
using Xunit.v3;

namespace Orchestrator.Tests.Faults;

/// <summary>
/// Makes a test a row of the fault matrix: the table in <c>docs/reliability.md</c> is made of these. What became of the
/// test is written to <see cref="FaultResults"/>.
/// </summary>
/// <param name="row">The row's name, unique in the matrix; the tests of one name are one row.</param>
/// <param name="part">The part that fails: <c>API</c>, <c>worker</c>, <c>engine</c>, <c>store</c>, <c>clock</c>, <c>container</c>, <c>load</c>, <c>anything</c>.</param>
/// <param name="what">What happens to it.</param>
/// <param name="holds">What must hold all the same.</param>
/// <param name="on">What it is done on: <c>real</c> or <c>simulated</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FaultAttribute(string row, string part, string what, string holds, string on = "real") : BeforeAfterTestAttribute
{
    public string Row => row;

    public string Part => part;

    public string What => what;

    public string Holds => holds;

    public string On => on;

    /// <inheritdoc />
    public override void After(MethodInfo methodUnderTest, IXunitTest test) =>
        FaultResults.Add(row, test.TestDisplayName, TestContext.Current.TestState?.Result);
}

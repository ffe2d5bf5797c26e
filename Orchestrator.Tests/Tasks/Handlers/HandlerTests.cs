using System.Numerics;
using System.Text.Json;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;

namespace Orchestrator.Tests.Tasks.Handlers;

public sealed class HandlerTests
{
    private static readonly string Long = new('9', 4_096);

    [Theory]
    [InlineData("1", "2", "3")]
    [InlineData("0.1", "0.2", "0.3")]
    [InlineData("1.50", "1.50", "3")]
    [InlineData("-1", "1", "0")]
    [InlineData("-0.5", "0.25", "-0.25")]
    [InlineData("+7", "007", "14")]
    [InlineData("-0", "0", "0")]
    [InlineData("1e3", "2.5E-1", "1000.25")]
    [InlineData(".5", "1", "1.5")]
    [InlineData("9007199254740990", "1", "9007199254740991")]
    [InlineData("9007199254740991", "1", "\"9007199254740992\"")]
    [InlineData("-9007199254740991", "-1", "\"-9007199254740992\"")]
    [InlineData("9007199254740991", "0.5", "\"9007199254740991.5\"")]
    [InlineData("100000000000000000000000000000", "0.000000000000000000000000000001", "\"100000000000000000000000000000.000000000000000000000000000001\"")]
    public async Task Add_IsExact(string a, string b, string expected)
    {
        var handler = new AddHandler();
        var input = Json($$"""{"a":"{{a}}","b":"{{b}}"}""");

        Assert.Null(handler.Refuse(input));
        Assert.Equal(expected, await handler.ExecuteAsync(input, Context()));
    }

    [Fact]
    public async Task Add_LongestNumbers_AreAddedExactly()
    {
        var sum = await new AddHandler().ExecuteAsync(Json($$"""{"a":{{Long}},"b":1}"""), Context());

        Assert.Equal($"\"1{new string('0', 4_096)}\"", sum);
    }

    [Theory]
    [InlineData("""{"a":"NaN","b":1}""", "a is not a number.")]
    [InlineData("""{"a":1,"b":"Infinity"}""", "b is not a number.")]
    [InlineData("""{"a":1,"b":"1e1000"}""", "b has an exponent beyond 308.")]
    [InlineData("""{"a":1,"b":1e-99999999999}""", "b has an exponent beyond 308.")]
    [InlineData("""{"a":1}""", "b is required.")]
    [InlineData("""{"a":1,"b":null}""", "b is required.")]
    [InlineData("""{"a":1,"b":""}""", "b is required.")]
    [InlineData("""{"a":true,"b":1}""", "a must be a number.")]
    [InlineData("""{"a":"1 ","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"1_000","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"0x10","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"1.","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"-","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"1e","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"1e+","b":1}""", "a is not a number.")]
    [InlineData("""{"a":"١","b":1}""", "a is not a number.")]
    [InlineData("""{"a":1,"b":1,"c":1}""", "c is not a field of this task type.")]
    [InlineData("""[1,2]""", "input must be an object.")]
    public void Add_BadInput_IsRefusedWithAReason(string input, string reason) =>
        Assert.Equal(reason, new AddHandler().Refuse(Json(input)));

    [Theory]
    [InlineData(4_097)]
    [InlineData(1_000_000)]
    public void Add_TooManyDigits_IsRefused(int digits) =>
        Assert.Equal("a has more than 4096 digits.", new AddHandler().Refuse(Json($$"""{"a":"{{new string('1', digits)}}","b":1}""")));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(2, "1")]
    [InlineData(10, "55")]
    [InlineData(78, "8944394323791464")]
    [InlineData(79, "\"14472334024676221\"")]
    [InlineData(100, "\"354224848179261915075\"")]
    public async Task Fibonacci_SmallNumbers_AreExact(int n, string expected) =>
        Assert.Equal(expected, await Fibonacci().ExecuteAsync(Json(FibonacciHandler.InputFor(n)), Context()));

    [Fact]
    public void Fibonacci_AnyNumber_FollowsFromTheTwoBefore()
    {
        BigInteger before = 0, last = 1;
        for (var n = 2; n < 600; n++)
        {
            (before, last) = (last, before + last);
            Assert.Equal(last, FibonacciHandler.Compute(n, CancellationToken.None));
        }
    }

    [Fact]
    public async Task Fibonacci_OfAMillion_HasItsDigits()
    {
        var digits = (await Fibonacci().ExecuteAsync(Json("""{"n":1000000}"""), Context())).Trim('"');

        // https://oeis.org/A000045: 208,988 digits.
        Assert.Equal(208_988, digits.Length);
        Assert.StartsWith("19532821287077577316", digits);
        Assert.EndsWith("68996526838242546875", digits);
    }

    [Theory]
    [InlineData("""{"n":-1}""")]
    [InlineData("""{"n":1000001}""")]
    [InlineData("""{"n":1.5}""")]
    [InlineData("""{"n":1e-30}""")]
    [InlineData("""{"n":5.00000000000000000000000000000001}""")]
    [InlineData("""{"n":99999999999999999999.0}""")]
    [InlineData("""{"n":"7"}""")]
    [InlineData("""{"n":1e400}""")]
    public void Fibonacci_BadInput_IsRefused(string input) =>
        Assert.Equal("n must be a whole number from 0 to 1000000.", Fibonacci().Refuse(Json(input)));

    [Theory]
    [InlineData("""{"n":5.0}""")]
    [InlineData("""{"n":5.000}""")]
    [InlineData("""{"n":0.5e1}""")]
    [InlineData("""{"n":50E-1}""")]
    public async Task Fibonacci_IntegerWithAPointOrAnExponent_IsTaken(string input)
    {
        Assert.Null(Fibonacci().Refuse(Json(input)));
        Assert.Equal("5", await Fibonacci().ExecuteAsync(Json(input), Context()));
    }

    [Fact]
    public void Fibonacci_Cancelled_Ends() =>
        Assert.Throws<OperationCanceledException>(() => FibonacciHandler.Compute(1_000_000, new CancellationToken(true)));

    [Theory]
    [InlineData("{}", "command, or language and code, is required.")]
    [InlineData("""{"command":[]}""", "command[0] must name a program.")]
    [InlineData("""{"command":["ls",null]}""", "command has an entry that is too long, or no text.")]
    [InlineData("""{"command":["ls"],"code":"x"}""", "command can't be given together with language and code.")]
    [InlineData("""{"language":"perl","code":"x"}""", "language must be python, bash or javascript.")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":0}""", "timeoutSeconds must be more than 0 and at most 3600.")]
    [InlineData("""{"command":["ls"],"timeoutSeconds":"1"}""", "timeoutSeconds has the wrong type.")]
    [InlineData("""{"command":["ls"],"env":{"1A":"x"}}""", "env has a name that is not made of letters, digits and '_', the first no digit.")]
    public void Run_BadInput_IsRefused(string input, string reason) => Assert.Equal(reason, new RunHandler(new Runners()).Refuse(Json(input)));

    [Fact]
    public async Task Run_ACommand_GivesWhatItPrinted()
    {
        var runners = new Runners();
        var result = await new RunHandler(runners).ExecuteAsync(
            Json("""{"command":["cat"],"stdin":"hi","env":{"A":"b"},"timeoutSeconds":2}"""), Context());

        Assert.Equal("""{"exitCode":0,"stdout":"out","stderr":"","durationMs":1.5,"timedOut":false,"truncated":false}""", result);
        Assert.Equal(("cat", "hi", "b", TimeSpan.FromSeconds(2)), (Assert.Single(runners.Last!.Command), runners.Last.Stdin, runners.Last.Environment["A"], runners.Last.Timeout));
    }

    [Theory]
    [InlineData("python", "python3 -c x")]
    [InlineData("bash", "bash -c x")]
    [InlineData("javascript", "node -e x")]
    public async Task Run_ASnippet_IsRunByItsLanguage(string language, string command)
    {
        var runners = new Runners();
        await new RunHandler(runners).ExecuteAsync(Json($$"""{"language":"{{language}}","code":"x","stdin":"in"}"""), Context());

        Assert.Equal(new CodeSnippet(language, "x"), runners.Last!.Code);
        Assert.Equal((command, "in"), (string.Join(' ', runners.Last.Command), runners.Last.Stdin));
    }

    private static FibonacciHandler Fibonacci() => new(1_000_000);

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private static TaskContext Context() => new("task", 1, TestContext.Current.CancellationToken);

    private sealed class Runners : ITaskRunners
    {
        public ExecRequest? Last { get; private set; }

        public Task<TaskRunOutput> RunAsync(Tenant tenant, string taskId, ExecRequest command, CancellationToken cancellationToken)
        {
            Last = command;
            return Task.FromResult(new TaskRunOutput(0, "out", "", 1.5, false, false));
        }
    }
}

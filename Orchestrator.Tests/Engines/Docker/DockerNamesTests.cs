using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Core;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>Containers' names tell owners, reversibly and in the engine's alphabet.</summary>
public sealed partial class DockerNamesTests
{
    private const string RunnerId = "runner-1766000000000-a1b2c3d4e";

    [Fact]
    public void Of_AnyOwner_IsReadBackFromTheName()
    {
        var owners = from tenant in Gen.OneOf(
                         Gen.Constant(Tenant.DefaultName),
                         Gen.Elements("az09-".ToCharArray()).NonEmptyListOf().Select(chars => string.Concat(chars.Take(63))))
                     from kind in Gen.Elements(OwnerKind.Session, OwnerKind.Machine, OwnerKind.Task)
                     from id in Gen.OneOf(
                         Gen.Elements("abzAZ019._:-".ToCharArray()).NonEmptyListOf().Select(chars => string.Concat(chars)),
                         ArbMap.Default.GeneratorFor<NonEmptyString>().Select(text => text.Get))
                     select new Owner(new Tenant(tenant), kind, id);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(owners.ToArbitrary(), owner =>
        {
            var name = DockerNames.Of(RunnerId, owner);
            return AllowedName().IsMatch(name) && DockerNames.OwnerIn("/" + name, RunnerId) == owner;
        }));
    }

    [Fact]
    public void Of_DifferentOwners_AreDifferentNames() =>
        Assert.Equal(4, new[] { "a:b", "a_cb", "a_b", "a__b" }.Select(id => DockerNames.Of(RunnerId, Owner.Session(id))).Distinct().Count());

    [Theory]
    [InlineData(RunnerId)]
    [InlineData(RunnerId + ".session")]
    [InlineData(RunnerId + ".session.")]
    [InlineData(RunnerId + ".king.x")]
    [InlineData(RunnerId + ".session-.x")]
    [InlineData(RunnerId + ".session-Acme.x")]
    [InlineData(RunnerId + ".session-acme")]
    [InlineData(RunnerId + ".-acme.x")]
    [InlineData(RunnerId + ".session.a_")]
    [InlineData(RunnerId + ".session.a_x")]
    [InlineData(RunnerId + ".session.a_u12")]
    [InlineData(RunnerId + "x.session.a")]
    [InlineData("other.session.a")]
    [InlineData("")]
    public void OwnerIn_NameThatTellsNone_ReturnsNull(string name) => Assert.Null(DockerNames.OwnerIn(name, RunnerId));

    [Fact]
    public void Of_TenantAndIdThatRunTogether_AreDifferentNames() =>
        Assert.Equal(3, new[]
        {
            Owner.Session("acme.x"), Owner.Session("x", new Tenant("acme")), Owner.Session("acme-x"),
        }.Select(owner => DockerNames.Of(RunnerId, owner)).Distinct().Count());

    [Fact]
    public void OwnerIn_NameOfVersion01_IsOfTheDefaultTenant() =>
        Assert.Equal(Owner.Session("user:42"), DockerNames.OwnerIn($"/{RunnerId}.session.user_c42", RunnerId));

    [Fact]
    public void Of_NoOwnerOrAnUnknownOne_IsTheRunnersId()
    {
        Assert.Equal(RunnerId, DockerNames.Of(RunnerId, null));
        Assert.Equal(RunnerId, DockerNames.Of(RunnerId, new Owner(Tenant.Default, OwnerKind.Unknown, RunnerId)));
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]+$")]
    private static partial Regex AllowedName();
}
